//! A picture that stands for a team: read with care, and kept as a small square of our own making.

use super::refusal::Refusal;
use crate::scim::version::tag_of;
use image::{
    DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits,
    codecs::png::{CompressionType, FilterType as Packing, PngEncoder},
    error::ImageError,
    imageops::FilterType,
};
use std::io::Cursor;

/// The largest picture that is read, in bytes.
pub const LARGEST: usize = 700 * 1024;
/// How wide and high the square is, in pixels: sharp on a screen of two pixels to a point.
const SIDE: u32 = 128;
/// The widest and highest picture that is read, in pixels.
const WIDEST: u32 = 4_000;
/// How much memory reading one may take, in bytes: eight of a pixel. What a few bytes unpack to is not believed.
const MEMORY: u64 = 128 * 1024 * 1024;

/// A picture as it is kept: PNG, square, and without what the file said beside the picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Avatar {
    /// The file.
    pub png: Vec<u8>,
    /// Its entity tag: it changes when the picture does.
    pub tag: String,
}

impl Avatar {
    /// Reads a PNG, JPEG, GIF or WebP and makes a square of its middle, upright as its camera was held. Takes a while: not
    /// for where others wait.
    pub fn read(bytes: &[u8]) -> Result<Self, Refusal> {
        if bytes.len() > LARGEST {
            let n = bytes.len().div_ceil(1024);
            let most = LARGEST / 1024;
            return Err(Refusal::Invalid(format!(
                "image: expected a file of at most {most} KB, found one of {n} KB"
            )));
        }
        let format = image::guess_format(bytes).ok().filter(|format| FORMATS.contains(format));
        let expected = "image: expected a PNG, JPEG, GIF or WebP file";
        let format = format.ok_or_else(|| {
            let found = if bytes.is_empty() { "an empty one" } else { "something else" };
            Refusal::Invalid(format!("{expected}, found {found}"))
        })?;
        let picture = square(bytes, format).map_err(|error| match error {
            ImageError::Limits(_) => {
                Refusal::Invalid(format!("image: expected at most {WIDEST} × {WIDEST} pixels, found more"))
            }
            _ => Refusal::Invalid(format!("{expected}, found one that cannot be read")),
        })?;
        let mut png = Vec::new();
        let packed = PngEncoder::new_with_quality(&mut png, CompressionType::Best, Packing::Adaptive);
        let written = picture.write_with_encoder(packed);
        written.map_err(|_| Refusal::Invalid(format!("{expected}, found one that cannot be drawn")))?;
        Ok(Self { tag: tag_of(&png), png })
    }
}

const FORMATS: [ImageFormat; 4] = [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif, ImageFormat::WebP];

/// The middle of a picture. What is not in it is left out before anything is scaled: a picture that is a thousand times as
/// wide as high would otherwise grow before it shrinks.
fn square(bytes: &[u8], format: ImageFormat) -> Result<DynamicImage, ImageError> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(WIDEST);
    limits.max_image_height = Some(WIDEST);
    limits.max_alloc = Some(MEMORY);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder()?;
    limits.reserve(decoder.total_bytes())?;
    let orientation = decoder.orientation()?;
    let picture = DynamicImage::from_decoder(decoder)?;
    let (width, height) = (picture.width(), picture.height());
    let side = width.min(height);
    let middle = picture.crop_imm((width - side) / 2, (height - side) / 2, side, side);
    drop(picture);
    let small = middle.resize_exact(SIDE, SIDE, FilterType::Triangle);
    let mut square = DynamicImage::ImageRgba8(small.into_rgba8());
    square.apply_orientation(orientation);
    Ok(square)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{ImageBuffer, Rgb, RgbImage, Rgba};

    fn file(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        // the left half is red, the right one blue
        let paint = |x, _| if x < width / 2 { Rgb([255, 0, 0]) } else { Rgb([0, 0, 255]) };
        RgbImage::from_fn(width, height, paint).write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn any_picture_becomes_a_small_square_of_its_middle() {
        for format in FORMATS {
            for (width, height) in [(300, 200), (20, 90), (1, 1)] {
                let avatar = Avatar::read(&file(width, height, format)).unwrap();
                let square = image::load_from_memory_with_format(&avatar.png, ImageFormat::Png).unwrap();
                assert_eq!((square.width(), square.height()), (SIDE, SIDE), "{format:?}");
                assert!(avatar.png.len() < 80 * 1024, "{format:?}: {} bytes", avatar.png.len());
                if width > 1 {
                    let square = square.into_rgb8();
                    let (left, right) = (square.get_pixel(4, 64), square.get_pixel(SIDE - 4, 64));
                    assert!(left.0[0] > 200 && right.0[2] > 200, "{format:?}: {left:?} {right:?}");
                }
            }
        }
        let (one, other) = (file(300, 200, ImageFormat::Png), file(20, 90, ImageFormat::Png));
        assert_eq!(Avatar::read(&one), Avatar::read(&one));
        assert_ne!(Avatar::read(&one).unwrap().tag, Avatar::read(&other).unwrap().tag);
    }

    #[test]
    fn what_is_no_picture_is_told_so() {
        let whole = file(300, 200, ImageFormat::Png);
        let told = |bytes: &[u8]| Avatar::read(bytes).unwrap_err().to_string();
        assert!(told(b"").contains("found an empty one"));
        assert!(told(b"<svg xmlns='http://www.w3.org/2000/svg'/>").contains("found something else"));
        assert!(told(&whole[..whole.len() / 2]).contains("cannot be read"), "{}", told(&whole[..40]));
        assert!(told(&vec![0; LARGEST + 1]).contains("at most 700 KB, found one of 701 KB"));
    }

    #[test]
    fn a_long_and_thin_picture_becomes_a_square_as_well() {
        for (width, height) in [(WIDEST, 1), (1, WIDEST)] {
            let thin: ImageBuffer<Rgba<u16>, Vec<u16>> =
                ImageBuffer::from_pixel(width, height, Rgba([9_000, 0, 0, u16::MAX]));
            let mut bytes = Cursor::new(Vec::new());
            thin.write_to(&mut bytes, ImageFormat::Png).unwrap();
            let avatar = Avatar::read(&bytes.into_inner()).unwrap();
            let square = image::load_from_memory_with_format(&avatar.png, ImageFormat::Png).unwrap();
            assert_eq!((square.width(), square.height()), (SIDE, SIDE));
        }
    }

    #[test]
    fn a_small_file_that_would_be_a_huge_picture_is_refused() {
        let huge = file(WIDEST + 1, 2, ImageFormat::Png);
        assert!(huge.len() < LARGEST);
        assert!(Avatar::read(&huge).unwrap_err().to_string().contains("4000 × 4000"));
    }
}
