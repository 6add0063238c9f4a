//! What the probes have seen, and what that comes to.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::Serialize;
use wp_dynamodb_core::Region;

/// A marker whose write was acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Marker {
    /// Its number.
    pub number: u64,
    /// Where it was written.
    pub region: Region,
}

/// All that was seen, in order.
#[derive(Debug, Default)]
pub(super) struct Tape {
    /// Acknowledged markers.
    pub markers: Vec<Marker>,
    /// Writes that were not acknowledged.
    pub refused: u64,
    /// Answers of each site: when, and what was wrong.
    pub answers: BTreeMap<Region, Vec<(Instant, Option<String>)>>,
}

/// What one site answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Site {
    /// Questions.
    pub asked: usize,
    /// Answers that were none, or bad.
    pub failed: usize,
    /// The longest time without a good one, in milliseconds; 0: each was good.
    pub longest_outage_ms: u64,
    /// The first thing that was wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl Site {
    pub(super) fn of(answers: &[(Instant, Option<String>)]) -> Site {
        let failed = answers.iter().filter(|(_, why)| why.is_some()).count();
        // From the last good answer before to the first good one after.
        let mut longest = Duration::ZERO;
        let mut since: Option<Instant> = answers.first().filter(|(_, why)| why.is_some()).map(|(at, _)| *at);
        let mut last_good: Option<Instant> = None;
        for (at, why) in answers {
            match why {
                None => {
                    if let Some(since) = since.take() {
                        longest = longest.max(at.duration_since(since));
                    }
                    last_good = Some(*at);
                }
                Some(_) => since = since.or(last_good).or(Some(*at)),
            }
        }
        if let (Some(since), Some((end, _))) = (since, answers.last()) {
            longest = longest.max(end.duration_since(since));
        }
        let why = answers.iter().find_map(|(_, why)| why.clone());
        Site { asked: answers.len(), failed, longest_outage_ms: millis(longest), why }
    }
}

/// What became of the markers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub(super) struct Markers {
    /// Writes that were acknowledged.
    pub acknowledged: usize,
    /// Of these, found in the Region that was gone to.
    pub arrived: usize,
    /// Of these, not found there in the end: what a loss at this moment would have cost.
    pub missing: usize,
    /// Writes that were not acknowledged.
    pub refused: u64,
}

/// One switch, measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Measured {
    pub from: Region,
    pub to: Region,
    /// From the order until it was carried out as far as it could be: hosts follow from now on.
    pub ordered_ms: u64,
    /// From the order until every Region's parameter agreed.
    pub agreed_ms: u64,
    /// Regions that did not agree in the end.
    pub stragglers: BTreeMap<Region, String>,
    pub markers: Markers,
    pub sites: BTreeMap<Region, Site>,
}

impl Measured {
    pub(super) fn of(
        from: &Region,
        to: &Region,
        ordered: Duration,
        agreed: Duration,
        stragglers: BTreeMap<Region, String>,
        markers: Markers,
        sites: BTreeMap<Region, Site>,
    ) -> Self {
        let (from, to) = (from.clone(), to.clone());
        Measured { from, to, ordered_ms: millis(ordered), agreed_ms: millis(agreed), stragglers, markers, sites }
    }

    fn well(&self) -> bool {
        let sites = self.sites.values().all(|s| s.failed == 0);
        self.stragglers.is_empty() && self.markers.missing == 0 && self.markers.refused == 0 && sites
    }
}

/// The whole drill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Report {
    pub drill: &'static str,
    pub there: Measured,
    /// None: it was not gone back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub back: Option<Measured>,
    /// The active Region at the end.
    pub active: Region,
    /// The command that goes back, when that was not done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub way_back: Option<String>,
    /// What hindered that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

impl Report {
    /// Nothing was lost, no site failed, all Regions agreed.
    pub(super) fn well(&self) -> bool {
        self.problem.is_none() && self.there.well() && self.back.as_ref().is_none_or(Measured::well)
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(good: &[bool]) -> Vec<(Instant, Option<String>)> {
        let start = Instant::now();
        let answer = |(n, good): (usize, &bool)| {
            (start + Duration::from_millis(250) * u32::try_from(n).expect("few"), (!good).then(|| "bad".to_owned()))
        };
        good.iter().enumerate().map(answer).collect()
    }

    #[test]
    fn an_outage_is_from_the_last_good_answer_to_the_next() {
        assert_eq!(Site::of(&answers(&[true, true])).longest_outage_ms, 0);
        let seen = Site::of(&answers(&[true, false, false, true, false, true]));
        assert_eq!((seen.asked, seen.failed, seen.longest_outage_ms, seen.why.as_deref()), (6, 3, 750, Some("bad")));
        assert_eq!(Site::of(&answers(&[false, true])).longest_outage_ms, 250);
        assert_eq!(Site::of(&answers(&[true, false, false])).longest_outage_ms, 500);
        assert_eq!(Site::of(&[]).asked, 0);
    }

    #[test]
    fn anything_wrong_there_or_back_is_no_success() {
        let region = |name| Region::parse(name).expect("a Region");
        let (east, west) = (region("us-east-1"), region("us-west-2"));
        let zero = Duration::ZERO;
        let good = Measured::of(&east, &west, zero, zero, BTreeMap::new(), Markers::default(), BTreeMap::new());
        let report =
            Report { drill: "switch", there: good.clone(), back: Some(good.clone()), active: east.clone(), way_back: None, problem: None };
        assert!(report.well());
        let lost = Measured { markers: Markers { missing: 1, ..Markers::default() }, ..good.clone() };
        assert!(!Report { problem: Some("refused".into()), ..report.clone() }.well());
        assert!(!Report { back: Some(lost), ..report.clone() }.well());
        let behind = Measured { stragglers: BTreeMap::from([(east.clone(), "old".to_owned())]), ..good.clone() };
        assert!(!Report { there: behind, ..report.clone() }.well());
        let down = Measured { sites: BTreeMap::from([(west, Site::of(&answers(&[false])))]), ..good };
        assert!(!Report { there: down, ..report }.well());
    }
}
