//! A health check, and whether one attempt of one checker passes it.

use std::time::Duration;

use serde::Serialize;

/// The first bytes of a body; the search string must stand entirely in them.
pub const SEARCHED: usize = 5120;
/// The longest search string.
const LONGEST_SEARCH: usize = 255;
/// Fewer places than these are refused.
const FEWEST_PLACES: usize = 3;

/// What Route 53 can check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CheckType {
    /// A status from 200 to 399.
    Http,
    /// The same over TLS; certificates are not looked at.
    Https,
    /// And the search string in the body.
    HttpStrMatch,
    /// The same over TLS.
    HttpsStrMatch,
    /// A connection.
    Tcp,
}

/// Where checkers are, as `Regions` of a health check names them: by default all of them.
pub const PLACES: [&str; 8] =
    ["us-east-1", "us-west-1", "us-west-2", "eu-west-1", "ap-southeast-1", "ap-southeast-2", "ap-northeast-1", "sa-east-1"];

/// A health check's configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HealthCheck {
    /// What is checked.
    pub kind: CheckType,
    /// Seconds between two attempts of one checker: 30 or 10.
    pub interval_s: u64,
    /// So many attempts in a row change a checker's mind: 1 to 10.
    pub threshold: u32,
    /// What the body must hold, for the types that search.
    pub search: Option<String>,
    /// Healthy counts as unhealthy, and the other way round.
    pub inverted: bool,
    /// Nobody looks; it counts as healthy (unhealthy when inverted).
    pub disabled: bool,
    /// Where the checkers are: three places at least.
    pub places: Vec<String>,
    /// Checkers, of all places together.
    pub checkers: usize,
}

impl HealthCheck {
    /// `/healthz` as this project sets it up: the text OK, every 30 s, three in a row.
    pub fn ok_every_30_s() -> Self {
        HealthCheck {
            kind: CheckType::HttpStrMatch,
            interval_s: 30,
            threshold: 3,
            search: Some("OK".into()),
            inverted: false,
            disabled: false,
            places: PLACES.map(str::to_owned).to_vec(),
            checkers: 16,
        }
    }

    /// What Route 53 would refuse.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn validate(&self) -> Result<(), String> {
        let searches = matches!(self.kind, CheckType::HttpStrMatch | CheckType::HttpsStrMatch);
        match &self.search {
            None if searches => return Err("a search string is missing".into()),
            Some(_) if !searches => return Err("this type takes no search string".into()),
            Some(text) if text.is_empty() || text.len() > LONGEST_SEARCH => {
                return Err(format!("the search string must have 1 to {LONGEST_SEARCH} bytes"));
            }
            _ => {}
        }
        if ![10, 30].contains(&self.interval_s) {
            return Err(format!("the interval is 10 or 30 seconds, not {}", self.interval_s));
        }
        if !(1..=10).contains(&self.threshold) {
            return Err(format!("the threshold is 1 to 10, not {}", self.threshold));
        }
        if self.places.len() < FEWEST_PLACES || self.checkers < self.places.len() {
            return Err(format!("{FEWEST_PLACES} places at least, each with a checker"));
        }
        Ok(())
    }

    /// Whether an attempt passes.
    ///
    /// # Errors
    /// Why it does not.
    pub fn judge(&self, attempt: &Attempt, limits: Limits) -> Result<(), String> {
        let Attempt::Connected { after, status, body } = attempt else {
            return Err("no connection".into());
        };
        if self.kind == CheckType::Tcp {
            return if *after > limits.tcp { Err("connected too late".into()) } else { Ok(()) };
        }
        if *after > limits.connect {
            return Err("connected too late".into());
        }
        let Some((status, after)) = status else {
            return Err("no answer".into());
        };
        if *after > limits.answer {
            return Err("answered too late".into());
        }
        // No redirect is followed: 301 is an answer like another.
        if !(200..400).contains(status) {
            return Err(format!("status {status}"));
        }
        let Some(search) = &self.search else {
            return Ok(());
        };
        match body {
            Some((_, after)) if *after > limits.answer => Err("the body came too late".into()),
            Some((body, _)) => {
                let searched = &body[..body.len().min(SEARCHED)];
                let found = searched.windows(search.len()).any(|part| part == search.as_bytes());
                if found { Ok(()) } else { Err(format!("status {status}, \"{search}\" is not in the first {SEARCHED} bytes")) }
            }
            None => Err("no body".into()),
        }
    }
}

/// The time limits, which nobody can set. A rehearsal divides them with everything else.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// For the connection.
    pub connect: Duration,
    /// For the status from then on, and again for the body.
    pub answer: Duration,
    /// For the connection of a TCP check.
    pub tcp: Duration,
}

impl Limits {
    /// Route 53's, divided by `scale`.
    pub fn scaled(scale: f64) -> Self {
        let seconds = |s: f64| Duration::from_secs_f64(s / scale);
        Limits { connect: seconds(4.0), answer: seconds(2.0), tcp: seconds(10.0) }
    }
}

/// What became of one attempt. Times count from the step before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// Refused, reset, or given up.
    Unconnected,
    /// A connection.
    Connected {
        /// After what time.
        after: Duration,
        /// The status and when it came; none: it did not.
        status: Option<(u16, Duration)>,
        /// The body and when it came; none: it did not.
        body: Option<(Vec<u8>, Duration)>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { connect: Duration::from_secs(4), answer: Duration::from_secs(2), tcp: Duration::from_secs(10) };

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn answer(status: u16, body: &str) -> Attempt {
        Attempt::Connected { after: ms(1), status: Some((status, ms(1))), body: Some((body.into(), ms(1))) }
    }

    fn kind(kind: CheckType) -> HealthCheck {
        let searches = matches!(kind, CheckType::HttpStrMatch | CheckType::HttpsStrMatch);
        HealthCheck { kind, search: searches.then(|| "OK".into()), ..HealthCheck::ok_every_30_s() }
    }

    #[test]
    fn statuses_from_200_to_399_pass_and_redirects_are_not_followed() {
        for (status, good) in [(199, false), (200, true), (301, true), (399, true), (400, false), (503, false)] {
            assert_eq!(kind(CheckType::Http).judge(&answer(status, ""), LIMITS).is_ok(), good, "{status}");
        }
        let moved = answer(301, "<a href=\"https://example.com/healthz\">Moved</a>");
        assert!(kind(CheckType::Http).judge(&moved, LIMITS).is_ok());
        assert!(kind(CheckType::HttpStrMatch).judge(&moved, LIMITS).is_err(), "what a redirect leads to is not searched");
        assert!(kind(CheckType::HttpStrMatch).judge(&answer(503, "OK"), LIMITS).is_err(), "the text alone is not enough");
    }

    #[test]
    fn the_text_must_stand_entirely_in_the_first_5120_bytes() {
        for (before, good) in [(0, true), (5118, true), (5119, false), (5120, false)] {
            let body = format!("{}OK", "x".repeat(before));
            assert_eq!(kind(CheckType::HttpStrMatch).judge(&answer(200, &body), LIMITS).is_ok(), good, "{before} bytes before it");
        }
        assert!(kind(CheckType::HttpsStrMatch).judge(&answer(200, "ok"), LIMITS).is_err(), "case counts");
    }

    #[test]
    fn each_step_has_its_own_time() {
        let check = kind(CheckType::HttpStrMatch);
        let at = |connect, status, body| Attempt::Connected {
            after: ms(connect),
            status: Some((200, ms(status))),
            body: Some((b"OK".to_vec(), ms(body))),
        };
        assert!(check.judge(&at(4000, 2000, 2000), LIMITS).is_ok());
        for late in [at(4001, 1, 1), at(1, 2001, 1), at(1, 1, 2001)] {
            assert!(check.judge(&late, LIMITS).is_err(), "{late:?}");
        }
        let silent = Attempt::Connected { after: ms(1), status: None, body: None };
        assert!(check.judge(&silent, LIMITS).is_err());
        assert!(kind(CheckType::Tcp).judge(&silent, LIMITS).is_ok());
        let half = Attempt::Connected { after: ms(1), status: Some((200, ms(1))), body: None };
        assert!(check.judge(&half, LIMITS).is_err() && kind(CheckType::Http).judge(&half, LIMITS).is_ok());
        for all in [CheckType::Http, CheckType::HttpStrMatch, CheckType::Tcp] {
            assert!(kind(all).judge(&Attempt::Unconnected, LIMITS).is_err());
        }
    }

    #[test]
    fn what_route_53_refuses() {
        let good = HealthCheck::ok_every_30_s();
        assert_eq!(good.validate(), Ok(()));
        let bad: [fn(&mut HealthCheck); 9] = [
            |c| c.search = None,
            |c| c.search = Some(String::new()),
            |c| c.search = Some("x".repeat(256)),
            |c| c.kind = CheckType::Http,
            |c| c.interval_s = 60,
            |c| c.threshold = 0,
            |c| c.threshold = 11,
            |c| c.places = vec!["us-east-1".into()],
            |c| c.checkers = 2,
        ];
        for (index, change) in bad.iter().enumerate() {
            let mut check = good.clone();
            change(&mut check);
            assert!(check.validate().is_err(), "{index}");
        }
    }
}
