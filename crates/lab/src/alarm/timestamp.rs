//! Times as AWS writes them, in UTC.

use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970.
pub fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// `2026-11-25T12:34:56.789+0000`, as in the state of an alarm.
pub fn alarm(ms: u64) -> String {
    format!("{}.{:03}+0000", seconds(ms), ms % 1000)
}

/// `2026-11-25T12:34:56Z`, as in EventBridge's envelope.
pub fn envelope(ms: u64) -> String {
    format!("{}Z", seconds(ms))
}

fn seconds(ms: u64) -> String {
    let of_day = ms / 1000 % 86_400;
    let (year, month, day) = date(ms / 86_400_000);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}", of_day / 3600, of_day / 60 % 60, of_day % 60)
}

/// Day, month and year of a day since 1970: years that begin in March put the leap day at their end.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march = (5 * of_year + 2) / 153;
    let (day, month) = (of_year - (153 * march + 2) / 5 + 1, if march < 10 { march + 3 } else { march - 9 });
    (year + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_moments() {
        assert_eq!(alarm(0), "1970-01-01T00:00:00.000+0000");
        assert_eq!(alarm(951_782_399_999), "2000-02-28T23:59:59.999+0000");
        assert_eq!(envelope(951_782_400_000), "2000-02-29T00:00:00Z");
        assert_eq!(envelope(1_795_609_849_000), "2026-11-25T12:30:49Z");
        assert_eq!(envelope(4_107_542_400_000), "2100-03-01T00:00:00Z");
    }
}
