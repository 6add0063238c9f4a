//! This host's clock against AWS'. Copies of a session and orders are told apart by time.

use std::time::{Duration, Instant, SystemTime};

use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::date_time::{DateTime, Format};

use super::check::{Check, Subject};
use crate::aws::site;

/// More than this, and the newest of two copies may be taken for the older one (`core::store::copies::SKEW_MS` is for two hosts).
const TOLERATED_MS: u64 = 2_000;
/// AWS refuses signatures that are older or younger.
const REFUSED_MS: u64 = 300_000;
/// The header has whole seconds.
const ROUNDING_MS: u64 = 1_000;

/// Asks `endpoint` for anything, for the sake of the answer's date.
pub(super) async fn look(endpoint: &str, limit: Duration) -> Check {
    let subject = Subject::new("clock", None);
    let mut request = HttpRequest::new(SdkBody::empty());
    if request.set_uri(endpoint).is_err() {
        return subject.skipped(format!("{endpoint} makes no sense as a URL"));
    }
    let asked = Instant::now();
    let answer = tokio::time::timeout(limit, site::connector(limit).call(request)).await;
    let Ok(Ok(answer)) = answer else { return subject.skipped(format!("{endpoint} did not answer")) };
    let took = u64::try_from(asked.elapsed().as_millis()).unwrap_or(u64::MAX);
    let date = answer.headers().get("date").and_then(|d| DateTime::from_str(d, Format::HttpDate).ok()).and_then(|d| d.to_millis().ok());
    let here = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis();
    match (date.and_then(|ms| u64::try_from(ms).ok()), u64::try_from(here)) {
        (Some(there), Ok(here)) => judge(&subject, here, there, took),
        _ => subject.skipped("the answer has no date"),
    }
}

/// `there` may be a second less, for its fraction, and as old as the call took.
fn judge(subject: &Subject, here: u64, there: u64, took: u64) -> Check {
    let off = here.abs_diff(there).saturating_sub(took.saturating_add(ROUNDING_MS));
    let fix = "timedatectl set-ntp true; on EC2 chrony with 169.254.169.123";
    match off {
        0..=TOLERATED_MS => subject.ok("agrees with AWS's to within the second that its header has"),
        off if off < REFUSED_MS => subject.warn(format!("{} s off AWS's: sessions' copies are told apart by time", off / 1000), fix),
        off => subject.fail(format!("{} s off AWS's: signatures are refused", off / 1000), fix),
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::Verdict;
    use super::*;

    #[test]
    fn a_second_of_the_header_and_a_slow_answer_are_no_skew() {
        let judge = |here, there, took| judge(&Subject::new("clock", None), here, there, took).verdict;
        assert_eq!(judge(1_000_999, 1_000_000, 10), Verdict::Ok);
        assert_eq!(judge(1_008_000, 1_000_000, 7_000), Verdict::Ok);
        assert_eq!(judge(1_010_000, 1_000_000, 10), Verdict::Warn);
        assert_eq!(judge(1_000_000, 1_010_000, 10), Verdict::Warn);
        assert_eq!(judge(1_000_000, 1_400_000, 10), Verdict::Fail);
    }
}
