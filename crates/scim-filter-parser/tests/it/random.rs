//! Filters and texts from a seed: the same in every run.

use scim_filter_parser::{AttrPath, CompareOp, Filter, Path, Value};

/// SplitMix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n as u64).unwrap()
    }

    pub(crate) fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }

    fn name(&mut self) -> String {
        self.pick(&["userName", "$ref", "not", "and", "OR", "pr", "eq", "x-y_z$1", "true", "a"]).to_owned()
    }

    pub(crate) fn attr_path(&mut self, is_in_brackets: bool) -> AttrPath {
        let attribute = self.name();
        if is_in_brackets {
            return AttrPath { urn: None, attribute, sub_attribute: None };
        }
        let urn = self.pick(&[
            None,
            None,
            Some("urn:ietf:params:scim:schemas:core:2.0:User"),
            Some("URN:x.y/z~:2"),
        ]);
        let sub_attribute = (self.below(3) == 0).then(|| self.name());
        AttrPath { urn: urn.map(str::to_owned), attribute, sub_attribute }
    }

    fn value(&mut self) -> Value {
        match self.below(6) {
            0 => Value::Null,
            1 => Value::Bool(self.below(2) == 0),
            2 => Value::Number(
                self.pick(&["0", "-0", "17", "-3.250", "1E+9", "1e-7", "98765432109876543210"]).to_owned(),
            ),
            _ => Value::String(self.string()),
        }
    }

    fn string(&mut self) -> String {
        let alphabet: Vec<char> =
            "ab \"\\/'()[]{}.:#\u{0}\u{7}\u{8}\t\n\u{c}\r\u{1f}\u{7f}é日😀\u{2028}".chars().collect();
        (0..self.below(12)).map(|_| self.pick(&alphabet)).collect()
    }

    pub(crate) fn filter(&mut self, depth: usize, is_in_brackets: bool) -> Filter {
        let n_kinds = if depth == 0 { 3 } else { 7 };
        match self.below(n_kinds) {
            0 => Filter::Present(self.attr_path(is_in_brackets)),
            1 | 2 => {
                let (_, op) = self.pick(&CompareOp::ALL);
                Filter::Compare(self.attr_path(is_in_brackets), op, self.value())
            }
            3 => Filter::And(self.parts(depth, is_in_brackets)),
            4 => Filter::Or(self.parts(depth, is_in_brackets)),
            5 if !is_in_brackets => {
                Filter::Any(self.attr_path(false), Box::new(self.filter(depth - 1, true)))
            }
            _ => Filter::Not(Box::new(self.filter(depth - 1, is_in_brackets))),
        }
    }

    fn parts(&mut self, depth: usize, is_in_brackets: bool) -> Vec<Filter> {
        (0..2 + self.below(2)).map(|_| self.filter(depth - 1, is_in_brackets)).collect()
    }

    pub(crate) fn path(&mut self) -> Path {
        let attribute = self.attr_path(false);
        if self.below(2) == 0 {
            return Path { attribute, filter: None, sub_attribute: None };
        }
        let filter = Some(self.filter(3, true));
        Path { attribute, filter, sub_attribute: (self.below(2) == 0).then(|| self.name()) }
    }

    /// The text with a few pieces put in, taken out or doubled.
    pub(crate) fn damaged(&mut self, text: &str) -> String {
        let pieces = [
            " ", "\t", "(", ")", "[", "]", "\"", "'", "\\", ".", ":", "and", " or ", "not", "not (", " pr",
            " eq ", "x", "0", "-", "é", "\u{0}", "\\u12", "\\ud83d", "urn:x:",
        ];
        let mut chars: Vec<String> = text.chars().map(String::from).collect();
        for _ in 0..1 + self.below(3) {
            let at = self.below(chars.len() + 1);
            match self.below(3) {
                0 if at < chars.len() => drop(chars.remove(at)),
                1 if at < chars.len() => chars.insert(at, chars[at].clone()),
                _ => chars.insert(at, self.pick(&pieces).to_owned()),
            }
        }
        chars.concat()
    }
}
