//! The Route 53 health check behind an alarm: what it asks for, and what it takes as healthy.

use aws_sdk_route53::Client;
use aws_sdk_route53::types::{HealthCheckConfig, HealthCheckType};
use wp_dynamodb_core::Region;
use wp_dynamodb_core::aws::translate;

use super::check::{Check, Subject, allow};
use super::place::quoted;
use crate::settings::Settings;

/// Route 53 refuses fewer; one that was made before it did would have a quorum of one.
const FEWEST_CHECKERS: usize = 3;

/// Asks for it.
pub(super) async fn look(client: &Client, id: &str, settings: &Settings, region: &Region) -> Vec<Check> {
    let subject = Subject::new(format!("health check {id}"), Some(region));
    match client.get_health_check().health_check_id(id).send().await {
        Ok(found) => match found.health_check.and_then(|c| c.health_check_config) {
            Some(config) => judge(&subject, id, &config, settings, region),
            None => vec![subject.fail("an answer without a health check", "try again")],
        },
        Err(error) if error.as_service_error().is_some_and(|e| e.is_no_such_health_check()) => {
            let fix = "make one (infra/dns.yaml), and give its id to the alarm's dimension HealthCheckId";
            vec![subject.fail("there is no such health check: the alarm never has data", fix)]
        }
        Err(error) => {
            let right = allow(&["route53:GetHealthCheck"], &format!("arn:aws:route53:::healthcheck/{id}"));
            vec![subject.not_seen("GetHealthCheck", &translate(error), right)]
        }
    }
}

fn judge(subject: &Subject, id: &str, config: &HealthCheckConfig, settings: &Settings, region: &Region) -> Vec<Check> {
    let update = |flags: &str| format!("aws route53 update-health-check --health-check-id {id} {flags}");
    let url = settings.health_urls.get(region).map(String::as_str);
    let mut wrong = Vec::new();
    if !matches!(config.r#type(), HealthCheckType::HttpStrMatch | HealthCheckType::HttpsStrMatch) {
        wrong.push(subject.fail(
            format!("its type is {}: it does not look for a text, so 200 to 399 is healthy, and a redirect, too", config.r#type().as_str()),
            "a type cannot be changed: make another check of the type HTTPS_STR_MATCH (docs/install.md, 7), and give its id to alarm and records",
        ));
    } else if config.search_string() != Some(settings.health_text.as_str()) {
        wrong.push(subject.fail(
            format!("it looks for \"{}\", not for \"{}\"", config.search_string().unwrap_or_default(), settings.health_text),
            update(&format!("--search-string {}", quoted(&settings.health_text))),
        ));
    }
    if config.disabled() == Some(true) {
        wrong.push(subject.fail("it is disabled, and a disabled check is always healthy", update("--no-disabled")));
    }
    if config.inverted() == Some(true) {
        wrong.push(subject.fail("it is inverted: healthy is unhealthy. A drill that was not ended?", update("--no-inverted")));
    }
    let checkers = config.regions().len();
    if checkers > 0 && checkers < FEWEST_CHECKERS {
        let fix = update("--reset-elements Regions");
        wrong.push(subject.fail(format!("only {checkers} of Route 53's Regions ask; 3 are the least"), fix));
    }
    let path = config.resource_path().unwrap_or_default();
    // The same page as the controllers', at Route 53's own level: visitors need the database, too.
    let page = url.map_or("/healthz", |url| path_of(url).split('?').next().unwrap_or_default());
    let wanted = format!("{page}?level=ready");
    if path != wanted {
        let fix = update(&format!("--resource-path {}", quoted(&wanted)));
        let seen = format!("it asks for \"{path}\", not for \"{wanted}\"");
        wrong.push(if path.starts_with(page) { subject.warn(seen, fix) } else { subject.fail(seen, fix) });
    }
    if let Some((url, host)) = url.zip(config.fully_qualified_domain_name()).filter(|(url, host)| host_of(url) != *host) {
        wrong.push(subject.warn(
            format!("it asks {host}, --health-urls names {} for {region}", host_of(url)),
            update(&format!("--fully-qualified-domain-name {}", host_of(url))),
        ));
    }
    let wait = config.request_interval().unwrap_or(30).saturating_mul(config.failure_threshold().unwrap_or(3));
    if wait > 90 {
        let fix = update("--failure-threshold 3");
        wrong.push(subject.warn(format!("a checker changes its mind after {wait} s"), fix));
    }
    if wrong.is_empty() {
        let text = config.search_string().unwrap_or_default();
        wrong.push(subject.ok(format!("{} for \"{text}\" at {path}; after {wait} s", config.r#type().as_str())));
    }
    wrong
}

/// Path and query of a URL.
fn path_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').map_or("/", |at| &rest[at..])
}

/// The host of a URL, without port.
pub(super) fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let end = rest.find(['/', '?', ':']).unwrap_or(rest.len());
    &rest[..end]
}

#[cfg(test)]
mod tests {
    use super::super::check::Verdict;
    use super::*;
    use crate::ctl::doctor::tests::settings;
    use aws_sdk_route53::types::HealthCheckRegion;
    use aws_sdk_route53::types::builders::HealthCheckConfigBuilder;

    fn good() -> HealthCheckConfigBuilder {
        HealthCheckConfig::builder()
            .r#type(HealthCheckType::HttpsStrMatch)
            .fully_qualified_domain_name("us-east-1.origin.example.com")
            .resource_path("/healthz?level=ready")
            .search_string("OK")
            .request_interval(30)
            .failure_threshold(3)
    }

    fn seen(config: HealthCheckConfigBuilder) -> (Verdict, String) {
        let settings = settings();
        let region = &settings.policy.regions[0];
        let checks = judge(&Subject::new("check", None), "abc", &config.build().expect("whole"), &settings, region);
        checks.into_iter().map(|c| (c.verdict, format!("{}; {}", c.seen, c.fix.unwrap_or_default()))).max().expect("one at least")
    }

    #[test]
    fn the_good_one_is_good() {
        assert_eq!(seen(good()).0, Verdict::Ok);
    }

    #[test]
    fn each_mistake_of_the_usual_recipe_is_found() {
        for (config, words) in [
            (good().r#type(HealthCheckType::Https), "type cannot be changed"),
            (good().search_string("ok"), "--search-string OK"),
            (good().disabled(true), "--no-disabled"),
            (good().inverted(true), "--no-inverted"),
            (good().regions(HealthCheckRegion::UsEast1), "3 are the least"),
            (good().resource_path("/"), "--resource-path '/healthz?level=ready'"),
        ] {
            let (verdict, seen) = seen(config);
            assert_eq!(verdict, Verdict::Fail, "{words}");
            assert!(seen.contains(words), "{words}: {seen}");
        }
        assert_eq!(seen(good().resource_path("/healthz")).0, Verdict::Warn);
        assert_eq!(seen(good().fully_qualified_domain_name("www.example.com")).0, Verdict::Warn);
        assert_eq!(seen(good().failure_threshold(10)).0, Verdict::Warn);
    }

    #[test]
    fn urls_are_taken_apart() {
        assert_eq!((host_of("https://a.example:8443/x"), path_of("https://a.example:8443/x?y=1")), ("a.example", "/x?y=1"));
        assert_eq!((host_of("http://a.example"), path_of("http://a.example")), ("a.example", "/"));
    }
}
