//! What an operator, a script or an accident may have written into the SSM parameter.

use crate::region::Region;

/// Why a parameter's value was ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadValue {
    /// The value, made safe to show: at most 64 characters, without control characters.
    pub shown: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// Reads the parameter's value: the index in `regions` of the Region it names.
///
/// Surrounding white space is forgiven (editors and `echo` add it), nothing else is.
///
/// # Errors
/// When it is empty, does not look like a Region, or is not in `regions`.
pub fn parse(value: &str, regions: &[Region]) -> Result<usize, BadValue> {
    let text = value.trim_matches([' ', '\t', '\r', '\n']);
    let bad = |reason| BadValue { shown: shown(text), reason };
    if text.is_empty() {
        return Err(bad("it is empty"));
    }
    let region = Region::parse(text).map_err(|_| bad("it does not have the form of an AWS Region"))?;
    regions.iter().position(|r| *r == region).ok_or_else(|| bad("it is not one of wp_dynamodb.regions"))
}

/// Makes foreign text safe for a log line: as [`line`], of at most 64 characters.
#[must_use]
pub fn shown(text: &str) -> String {
    line(text, 64)
}

/// Makes foreign text one line of at most `longest` characters, without control characters and without those that turn the direction
/// of reading.
#[must_use]
pub fn line(text: &str, longest: usize) -> String {
    let unfit = |c: char| c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let mut out: String = text.chars().take(longest).map(|c| if unfit(c) { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(longest).is_some() {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn regions() -> Vec<Region> {
        ["us-east-1", "us-west-2"].map(|r| Region::parse(r).expect("a Region")).to_vec()
    }

    #[test]
    fn takes_a_region_of_the_list() {
        assert_eq!(parse("us-west-2", &regions()), Ok(1));
        assert_eq!(parse(" us-east-1\n", &regions()), Ok(0));
    }

    #[test]
    fn says_why_it_ignores_the_rest() {
        assert_eq!(parse("", &regions()).unwrap_err().reason, "it is empty");
        assert_eq!(parse("eu-west-1", &regions()).unwrap_err().reason, "it is not one of wp_dynamodb.regions");
        assert_eq!(parse("us-west-2;x", &regions()).unwrap_err().reason, "it does not have the form of an AWS Region");
        let noise = parse(&"\u{7}x".repeat(2048), &regions()).unwrap_err();
        assert_eq!(noise.shown.chars().count(), 65);
        assert!(!noise.shown.contains('\u{7}'));
        assert_eq!(line("a\nb\u{202e}c", 9), "a\u{fffd}b\u{fffd}c");
    }

    proptest! {
        #[test]
        fn only_names_of_the_list_are_taken(text in ".{0,5000}") {
            if let Ok(index) = parse(&text, &regions()) {
                let named = &regions()[index];
                prop_assert_eq!(text.trim(), named.as_str());
            }
        }
    }
}
