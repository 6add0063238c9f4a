//! What an operator, a script or an accident may have written into the SSM parameter.
//!
//! `us-west-2`: the active Region. `us-west-2 drain=us-east-1`: and hosts in us-east-1 shall not use their own Region any more, also with
//! `routing = local`. One value, so that an order is always whole.

use crate::region::Region;
use crate::region::mask::Mask;

/// What a good value says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named {
    /// The active Region: its index in `regions`.
    pub region: usize,
    /// The drained Regions.
    pub drained: Mask,
}

/// Why a parameter's value was ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadValue {
    /// The value, made safe to show: at most 64 characters, without control characters.
    pub shown: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// Reads the parameter's value: what it names, as indices in `regions`.
///
/// White space around it is forgiven (editors and `echo` add it), nothing else is.
///
/// # Errors
/// When it is empty, does not look like Regions, or names one that is not in `regions`.
pub fn parse(value: &str, regions: &[Region]) -> Result<Named, BadValue> {
    const SPACE: [char; 4] = [' ', '\t', '\r', '\n'];
    let text = value.trim_matches(SPACE);
    let bad = |reason| BadValue { shown: shown(text), reason };
    let index = |name: &str, malformed, foreign| {
        let region = Region::parse(name).map_err(|_| bad(malformed))?;
        regions.iter().position(|r| *r == region).ok_or_else(|| bad(foreign))
    };
    if text.is_empty() {
        return Err(bad("it is empty"));
    }
    let (active, order) = text.split_once(SPACE).unwrap_or((text, ""));
    let region = index(active, "it does not have the form of an AWS Region", "it is not one of wp_dynamodb.regions")?;
    let mut drained = Mask::default();
    if !order.is_empty() {
        let names = order.trim_start_matches(SPACE).strip_prefix("drain=");
        let names = names.ok_or_else(|| bad("only \"drain=\" and Regions may follow the Region"))?;
        for name in names.split(',') {
            let malformed = "what follows \"drain=\" are not Regions, separated by commas";
            drained = drained.with(index(name, malformed, "\"drain=\" names a Region that is not one of wp_dynamodb.regions")?);
        }
    }
    Ok(Named { region, drained })
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
        let drained = Mask::default();
        assert_eq!(parse("us-west-2", &regions()), Ok(Named { region: 1, drained }));
        assert_eq!(parse(" us-east-1\n", &regions()), Ok(Named { region: 0, drained }));
    }

    #[test]
    fn takes_an_order_to_leave_regions() {
        let drained = Mask::default().with(0);
        assert_eq!(parse("us-west-2 drain=us-east-1", &regions()), Ok(Named { region: 1, drained }));
        assert_eq!(parse("us-west-2  drain=us-east-1,us-west-2\n", &regions()), Ok(Named { region: 1, drained: drained.with(1) }));
        for bad in ["us-west-2 us-east-1", "us-west-2 drain=", "us-west-2 drain=eu-west-1", "us-west-2 drain=us-east-1,", "drain=us-east-1"]
        {
            assert!(parse(bad, &regions()).is_err(), "{bad}");
        }
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
            if let Ok(named) = parse(&text, &regions()) {
                let region = &regions()[named.region];
                prop_assert!(text.trim().starts_with(region.as_str()));
            }
        }
    }
}
