//! E-mail addresses that we write to, and that stand for a person.

use super::refusal::Refusal;
use crate::scim::text;
use email_address::{EmailAddress, Options};

/// Refuses what is no address, what could become more than one in a header, and what looks like another (W-005): of such
/// a letter it says which it is. `what` says where the address stood.
pub fn check(what: &str, address: &str) -> Result<(), Refusal> {
    let refuse = |why: String| {
        Err(Refusal::Invalid(format!(
            "{what}: expected an e-mail address, found {}; {why}",
            text::shown(address)
        )))
    };
    if let Some(odd) = address.chars().find(|letter| !letter.is_ascii()) {
        return refuse(format!("it has the letter U+{:04X}, which can look like another", u32::from(odd)));
    }
    if let Some(odd) =
        address.chars().find(|letter| !letter.is_ascii_graphic() || "<>,;:\"()[]\\".contains(*letter))
    {
        return refuse(format!("it has the character U+{:04X}", u32::from(odd)));
    }
    let options = Options::default().without_display_text().without_domain_literal();
    match EmailAddress::parse_with_options(address, options) {
        Ok(_) => Ok(()),
        Err(error) => refuse(error.to_string().to_lowercase()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_plain_address() {
        for fits in ["ada@example.com", "a.b+c@sub.example.org", "o'neill@example.com", "x@localhost"] {
            assert_eq!(check("email", fits), Ok(()), "{fits}");
        }
        for wrong in [
            "",
            "ada",
            "ada@",
            "@example.com",
            "ada@example.com, eve@example.com",
            "ada@example.com\r\nBcc: eve@example.com",
            "Ada <ada@example.com>",
            "\"a b\"@example.com",
            "ada@[127.0.0.1]",
            "ada@@example.com",
            "ada\u{0301}@example.com",
            "\u{0430}da@example.com",
            "ada@ex\u{00e4}mple.com",
            "a da@example.com",
        ] {
            assert!(check("email", wrong).is_err(), "{wrong}");
        }
        let refused = check("email", "\u{0430}da@example.com").unwrap_err().to_string();
        assert!(refused.contains("U+0430"), "{refused}");
    }
}
