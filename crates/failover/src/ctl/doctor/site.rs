//! The sites' public health checks, asked as Route 53 and the controllers ask them.

use wp_dynamodb_core::Region;

use super::check::{Check, Subject};
use super::health_check::host_of;
use crate::aws::site;
use crate::settings::Settings;
use crate::signal::Signal;

/// Asks one Region's.
pub(super) async fn look(settings: &Settings, region: &Region) -> Vec<Check> {
    let subject = Subject::new("site", Some(region));
    let Some(url) = settings.health_urls.get(region) else {
        return vec![subject.warn(
            "no URL: controllers do not look at this Region's site",
            format!(
                "--health-urls {region}=https://{region}.origin.example.com/healthz?level=region, and for the Lambda WP_DYNAMODB_HEALTH_URLS"
            ),
        )];
    };
    let mut checks = vec![judge(&subject, url, &site::ask(url, &settings.health_text, settings.signal_timeout).await)];
    if url.contains("level=ready") {
        let seen = "the URL asks for the database, too: a stand-in whose database still is in the lost Region would never be well";
        checks.push(subject.warn(seen, "end the URL in /healthz?level=region; level=ready is for Route 53"));
    } else if url.contains("level=live") || !url.contains("/healthz") {
        let seen = "a page that only says OK sees no loss of DynamoDB";
        checks.push(subject.warn(seen, "end the URL in /healthz?level=region"));
    }
    checks
}

fn judge(subject: &Subject, url: &str, signal: &Signal) -> Check {
    let see = format!("curl -si '{url}'");
    match signal {
        Signal::Ok => subject.ok(format!("{} answers", host_of(url))),
        Signal::Failed(why) if why.starts_with("HTTP 3") => {
            subject.fail(format!("{why}: a redirect, which is no answer"), format!("give the URL that answers by itself; {see}"))
        }
        Signal::Failed(why) => subject.fail(why.clone(), format!("{see}; docs/install.md, 7")),
        other => subject.fail(other.to_string(), see),
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::Verdict;
    use super::*;

    #[test]
    fn a_redirect_is_no_answer() {
        let subject = Subject::new("site", None);
        let check = judge(&subject, "https://a.example/healthz", &Signal::Failed("HTTP 301".into()));
        assert_eq!(check.verdict, Verdict::Fail);
        assert!(check.seen.contains("redirect"));
        assert_eq!(judge(&subject, "https://a.example/healthz", &Signal::Ok).verdict, Verdict::Ok);
    }
}
