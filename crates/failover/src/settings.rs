//! What is set from outside, by environment variables (the Lambda) or flags of the same names (the command line).

use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::Duration;

use wp_dynamodb_core::Region;

use crate::decide::policy::Policy;
use crate::memory::Way;

/// All settings of a controller.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What decisions are made by.
    pub policy: Policy,
    /// The SSM parameter that holds the active Region.
    pub parameter: String,
    /// The session table, its hash key and its TTL attribute.
    pub table: Table,
    /// The controllers' own table.
    pub control_table: String,
    /// Each Region's public health check.
    pub health_urls: BTreeMap<Region, String>,
    /// What a good answer holds, in its first 5,120 bytes.
    pub health_text: String,
    /// The alarms that are believed: the Region each stands for, by ARN.
    pub alarms: BTreeMap<String, Region>,
    /// The way where people have set none.
    pub way: Way,
    /// The pause between two looks of one invocation, and how long an invocation looks.
    pub look_every: Duration,
    /// See [`Settings::look_every`].
    pub look_for: Duration,
    /// A signal that takes longer than this has failed.
    pub signal_timeout: Duration,
    /// Whether this is a person's machine: it may write every Region's control table, and leaves what follows a switch to the controller.
    pub person: bool,
    /// The state machine to start after a switch.
    pub after_switch: Option<String>,
    /// Endpoints of DynamoDB other than AWS's, by Region.
    pub endpoints: BTreeMap<Region, String>,
    /// Endpoints of SSM, likewise.
    pub ssm_endpoints: BTreeMap<Region, String>,
    /// Endpoint of Step Functions in the own Region.
    pub steps_endpoint: Option<String>,
}

/// The session table.
#[derive(Debug, Clone)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its hash key.
    pub hash_key: String,
    /// Its TTL attribute.
    pub expires: String,
}

impl Settings {
    /// Reads the settings: `get` gives the text of an environment variable.
    ///
    /// # Errors
    /// All that is wrong, a line each, with the variable's name.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Result<Settings, String> {
        let mut reader = Reader { get, wrong: Vec::new() };
        let regions = reader.regions("WP_DYNAMODB_REGIONS", "us-east-1,us-west-2");
        let home = reader.home(&regions);
        let seconds = |reader: &mut Reader<_>, name: &str, default: f64| reader.duration(name, default);
        let tick = seconds(&mut reader, "WP_DYNAMODB_TICK", 60.0);
        let look_every = seconds(&mut reader, "WP_DYNAMODB_LOOK_EVERY", 10.0);
        let policy = Policy {
            quorum: reader.number("WP_DYNAMODB_QUORUM", 2, 1..=3),
            failures: reader.number("WP_DYNAMODB_FAILURES", 3, 1..=100),
            cooldown_ms: millis(seconds(&mut reader, "WP_DYNAMODB_COOLDOWN", 600.0)),
            max_per_hour: reader.number("WP_DYNAMODB_MAX_SWITCHES_PER_HOUR", 2, 0..=1000),
            failback_auto: reader.choice("WP_DYNAMODB_FAILBACK", &[("manual", false), ("auto", true)]),
            failback_after_ms: millis(seconds(&mut reader, "WP_DYNAMODB_FAILBACK_AFTER", 1800.0)),
            max_lag_ms: millis(seconds(&mut reader, "WP_DYNAMODB_MAX_LAG", 5.0)),
            patience_ms: millis(seconds(&mut reader, "WP_DYNAMODB_PATIENCE", 180.0)),
            gap_ms: millis(tick.mul_f64(2.5)),
            apart_ms: millis(look_every.mul_f64(0.5)),
            regions,
            home,
        };
        let settings = Settings {
            parameter: reader.text("WP_DYNAMODB_REGION_PARAMETER", "/wordpress/dynamodb_region"),
            table: Table {
                name: reader.text("WP_DYNAMODB_TABLE", "wordpress_sessions"),
                hash_key: reader.text("WP_DYNAMODB_SESSION_HASH_KEY", "session_id"),
                expires: reader.text("WP_DYNAMODB_SESSION_EXPIRES_ATTRIBUTE", "expires"),
            },
            control_table: reader.text("WP_DYNAMODB_CONTROL_TABLE", "wordpress_failover"),
            health_urls: reader.urls("WP_DYNAMODB_HEALTH_URLS", &policy.regions),
            health_text: reader.text("WP_DYNAMODB_HEALTH_TEXT", "OK"),
            alarms: reader.alarms("WP_DYNAMODB_ALARMS", &policy.regions),
            way: reader.choice("WP_DYNAMODB_MODE", &[("auto", Way::Auto), ("manual", Way::Manual)]),
            look_every,
            look_for: seconds(&mut reader, "WP_DYNAMODB_LOOK_FOR", 50.0),
            signal_timeout: seconds(&mut reader, "WP_DYNAMODB_SIGNAL_TIMEOUT", 2.0),
            person: false,
            after_switch: Some(reader.text("WP_DYNAMODB_AFTER_SWITCH", "")).filter(|arn| !arn.is_empty()),
            endpoints: reader.urls("WP_DYNAMODB_ENDPOINTS", &policy.regions),
            ssm_endpoints: reader.urls("WP_DYNAMODB_SSM_ENDPOINTS", &policy.regions),
            steps_endpoint: Some(reader.text("WP_DYNAMODB_STEPS_ENDPOINT", "")).filter(|url| !url.is_empty()),
            policy,
        };
        // A Region cannot be lost by a quorum that it can never reach.
        for region in &settings.policy.regions {
            let site = usize::from(settings.health_urls.contains_key(region));
            let alarm = usize::from(settings.alarms.values().any(|r| r == region));
            let quorum = settings.policy.quorum;
            if *region != settings.policy.home && quorum > 1 + site + alarm {
                reader.wrong.push(format!(
                    "WP_DYNAMODB_QUORUM is {quorum}, but of {region} only {} of site (WP_DYNAMODB_HEALTH_URLS), DynamoDB and alarm (WP_DYNAMODB_ALARMS) can be seen",
                    1 + site + alarm
                ));
            }
        }
        // One address for two Regions would tell of whichever DNS points at.
        let hosts: Vec<&str> = settings.health_urls.values().map(|url| authority(url)).collect();
        if hosts.iter().enumerate().any(|(i, host)| hosts[..i].contains(host)) {
            reader
                .wrong
                .push("WP_DYNAMODB_HEALTH_URLS has one host for two Regions: each needs an address that is always its own".to_owned());
        }
        if reader.wrong.is_empty() { Ok(settings) } else { Err(reader.wrong.join("\n")) }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Host and port of a URL.
fn authority(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

/// Reads variables and gathers what is wrong.
struct Reader<F> {
    get: F,
    wrong: Vec<String>,
}

impl<F: Fn(&str) -> Option<String>> Reader<F> {
    fn text(&self, name: &str, default: &str) -> String {
        (self.get)(name).map(|t| t.trim().to_owned()).filter(|t| !t.is_empty()).unwrap_or_else(|| default.to_owned())
    }

    fn regions(&mut self, name: &str, default: &str) -> Vec<Region> {
        let mut regions: Vec<Region> = Vec::new();
        for part in self.text(name, default).split(',').map(str::trim) {
            match Region::parse(part) {
                Ok(region) if regions.contains(&region) => self.wrong.push(format!("{name} names {region} twice")),
                Ok(region) => regions.push(region),
                Err(why) => self.wrong.push(format!("{name}: {why}")),
            }
        }
        regions
    }

    fn home(&mut self, regions: &[Region]) -> Region {
        let name = self.text("AWS_REGION", &self.text("AWS_DEFAULT_REGION", ""));
        let home = regions.iter().find(|r| r.as_str() == name).cloned();
        home.unwrap_or_else(|| {
            self.wrong.push(format!("AWS_REGION is \"{name}\", which is not one of WP_DYNAMODB_REGIONS"));
            Region::parse("us-east-1").expect("the form of a Region")
        })
    }

    fn duration(&mut self, name: &str, default: f64) -> Duration {
        let text = self.text(name, "");
        if text.is_empty() {
            return Duration::from_secs_f64(default);
        }
        // Ten years: above it, additions of times could overflow.
        match text.parse::<f64>() {
            Ok(seconds) if (0.0..=3.2e8).contains(&seconds) => Duration::from_secs_f64(seconds),
            _ => {
                self.wrong.push(format!("{name} is \"{text}\": wanted are seconds, such as {default}"));
                Duration::from_secs_f64(default)
            }
        }
    }

    fn number<N: FromStr + PartialOrd + std::fmt::Display + Copy>(
        &mut self,
        name: &str,
        default: N,
        range: std::ops::RangeInclusive<N>,
    ) -> N {
        let text = self.text(name, "");
        if text.is_empty() {
            return default;
        }
        match text.parse::<N>() {
            Ok(number) if range.contains(&number) => number,
            _ => {
                self.wrong.push(format!("{name} is \"{text}\": wanted is a number from {} to {}", range.start(), range.end()));
                default
            }
        }
    }

    /// One of a few words; the first is the default.
    fn choice<T: Copy>(&mut self, name: &str, words: &[(&str, T)]) -> T {
        let text = self.text(name, words[0].0);
        let found = words.iter().find(|(word, _)| *word == text);
        found
            .unwrap_or_else(|| {
                let known = words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(" or ");
                self.wrong.push(format!("{name} is \"{text}\": wanted is {known}"));
                &words[0]
            })
            .1
    }

    /// `region=text,region=text`: each pair.
    fn pairs(&mut self, name: &str, regions: &[Region]) -> Vec<(Region, String)> {
        let text = self.text(name, "");
        let mut pairs = Vec::new();
        for part in text.split(',').map(str::trim).filter(|p| !p.is_empty()) {
            let (region, rest) = part.split_once('=').unwrap_or((part, ""));
            match regions.iter().find(|r| r.as_str() == region.trim()) {
                Some(_) if rest.trim().is_empty() => self.wrong.push(format!("{name}: nothing follows {region}=")),
                Some(region) => pairs.push((region.clone(), rest.trim().to_owned())),
                None => self.wrong.push(format!("{name}: \"{region}\" is not one of WP_DYNAMODB_REGIONS")),
            }
        }
        pairs
    }

    fn urls(&mut self, name: &str, regions: &[Region]) -> BTreeMap<Region, String> {
        let pairs = self.pairs(name, regions);
        for (region, url) in &pairs {
            if !url.starts_with("http://") && !url.starts_with("https://") {
                self.wrong.push(format!("{name}: {region}'s does not begin with https:// or http://"));
            }
        }
        let given = pairs.len();
        let urls: BTreeMap<Region, String> = pairs.into_iter().collect();
        if urls.len() < given {
            self.wrong.push(format!("{name} names a Region twice"));
        }
        urls
    }

    fn alarms(&mut self, name: &str, regions: &[Region]) -> BTreeMap<String, Region> {
        let pairs = self.pairs(name, regions);
        for (region, arn) in &pairs {
            let parts: Vec<&str> = arn.splitn(7, ':').collect();
            if parts.len() != 7 || parts[0] != "arn" || parts[2] != "cloudwatch" || parts[5] != "alarm" {
                self.wrong.push(format!("{name}: {region}'s is no ARN of an alarm (arn:aws:cloudwatch:REGION:ACCOUNT:alarm:NAME)"));
            }
        }
        let given = pairs.len();
        let alarms: BTreeMap<String, Region> = pairs.into_iter().map(|(region, arn)| (arn, region)).collect();
        if alarms.len() < given {
            self.wrong.push(format!("{name} names an alarm twice"));
        }
        alarms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Settings, String> {
        let given: BTreeMap<String, String> = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Settings::read(|name| given.get(name).cloned())
    }

    #[test]
    fn defaults_are_the_documented_ones() {
        let settings =
            read(&[("AWS_REGION", "us-west-2"), ("WP_DYNAMODB_HEALTH_URLS", "us-east-1=https://e.example/healthz")]).expect("good");
        let policy = &settings.policy;
        assert_eq!((policy.quorum, policy.failures, policy.cooldown_ms, policy.max_per_hour), (2, 3, 600_000, 2));
        assert_eq!((policy.failback_auto, policy.failback_after_ms, policy.max_lag_ms, policy.gap_ms), (false, 1_800_000, 5_000, 150_000));
        assert_eq!((policy.apart_ms, policy.patience_ms), (5_000, 180_000));
        assert_eq!((settings.look_every.as_secs(), settings.look_for.as_secs()), (10, 50));
        assert_eq!(settings.way, Way::Auto);
        assert_eq!(settings.after_switch, None);
    }

    #[test]
    fn everything_wrong_is_said_at_once() {
        let wrong = read(&[
            ("AWS_REGION", "eu-west-1"),
            ("WP_DYNAMODB_FAILURES", "0"),
            ("WP_DYNAMODB_COOLDOWN", "soon"),
            ("WP_DYNAMODB_FAILBACK", "yes"),
            ("WP_DYNAMODB_HEALTH_URLS", "us-east-1=ftp://x,mars=https://y"),
            ("WP_DYNAMODB_ALARMS", "us-east-1=my-alarm"),
        ])
        .expect_err("wrong");
        for part in ["eu-west-1", "_FAILURES is \"0\"", "_COOLDOWN is \"soon\"", "manual or auto", "https://", "\"mars\"", "no ARN"] {
            assert!(wrong.contains(part), "{part} in {wrong}");
        }
    }

    #[test]
    fn two_regions_at_one_address_are_refused() {
        let urls = "us-east-1=https://www.example/healthz,us-west-2=https://www.example/healthz?x";
        let wrong = read(&[("AWS_REGION", "us-west-2"), ("WP_DYNAMODB_HEALTH_URLS", urls)]).expect_err("one host");
        assert!(wrong.contains("one host for two Regions"), "{wrong}");
    }

    #[test]
    fn a_quorum_that_cannot_be_reached_is_no_setting() {
        let wrong = read(&[("AWS_REGION", "us-west-2")]).expect_err("only DynamoDB is seen");
        assert!(wrong.contains("of us-east-1 only 1 of"), "{wrong}");
        // The own Region's URL does not help to see the other one.
        assert!(read(&[("AWS_REGION", "us-west-2"), ("WP_DYNAMODB_HEALTH_URLS", "us-west-2=https://w.example/healthz")]).is_err());
        assert!(read(&[("AWS_REGION", "us-west-2"), ("WP_DYNAMODB_QUORUM", "1")]).is_ok());
    }
}
