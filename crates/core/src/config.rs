//! The table of settings: name, default, what is allowed, meaning; and what they parse to.
//!
//! This table is the one source for the INI entries, phpinfo, `wp_dynamodb_config()`, the documentation and the messages about bad values.

use std::collections::BTreeMap;
use std::ffi::CStr;
use std::path::PathBuf;
use std::time::Duration;

use crate::region::Region;

/// More Regions than this are refused: the shared memory has room for as many.
pub const MAX_REGIONS: usize = 8;

/// One setting, as PHP registers it.
pub struct Setting {
    /// Full INI name, `wp_dynamodb.…`.
    pub name: &'static CStr,
    /// Default value, as text.
    pub default: &'static CStr,
    /// What is allowed, for messages and documents.
    pub allowed: &'static str,
    /// What it is for.
    pub meaning: &'static str,
    /// Parses `text` into its field; the error says what is wrong, without name and value.
    parse: fn(&mut Settings, &str) -> Result<(), String>,
}

impl Setting {
    /// The name as text.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name.to_str().unwrap_or_default()
    }

    /// The default as text.
    #[must_use]
    pub fn default(&self) -> &'static str {
        self.default.to_str().unwrap_or_default()
    }
}

/// How session items are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Key hashed, data compressed and sealed.
    Sealed,
    /// The layout of the AWS SDK for PHP's session handler.
    AwsSdk,
}

/// Which of a session's writes the page waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteMode {
    /// Where it closes the session.
    Sync,
    /// At the end of the request, before the response ends.
    Overlap,
    /// Not at all.
    Behind,
}

/// Whether this host may leave a Region that has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Failover {
    /// It bridges to the next healthy Region, and comes back by itself.
    Auto,
    /// It follows the parameter, whatever happens.
    Follow,
}

/// Which Region a host uses while all is well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Routing {
    /// The active Region.
    Active,
    /// The Region the host is in, until the parameter drains it.
    Local,
}

/// The least severe message that is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Only what needs somebody.
    Error,
    /// Also what may need somebody.
    Warning,
    /// Also changes of state.
    Info,
}

/// All settings, parsed.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The Regions, in the order of preference; at least one.
    pub regions: Vec<Region>,
    /// A fixed Region that overrules the parameter.
    pub pin: Option<Region>,
    /// Name of the SSM parameter.
    pub parameter: String,
    /// How often the host asks for the parameter.
    pub poll_interval: Duration,
    /// Where the last good value is kept; none: nowhere.
    pub state_file: Option<PathBuf>,
    /// DynamoDB endpoints that differ from AWS's own.
    pub endpoints: BTreeMap<Region, String>,
    /// SSM endpoints that differ from AWS's own.
    pub ssm_endpoints: BTreeMap<Region, String>,
    /// The session table.
    pub table: String,
    /// Name of its partition key.
    pub hash_key: String,
    /// Name of the attribute with the data.
    pub data_attribute: String,
    /// Name of the attribute with the expiry, in seconds: the table's TTL attribute.
    pub expires_attribute: String,
    /// Layout of the items.
    pub format: Format,
    /// Prefix of the key; empty: the session name.
    pub prefix: String,
    /// Reads are strongly consistent within the Region.
    pub consistent_read: bool,
    /// The session is read as soon as the request's cookie is there.
    pub prefetch: bool,
    /// What the page waits for when it changes its session.
    pub write: WriteMode,
    /// Percent of the lifetime after which an unchanged session's expiry is moved.
    pub touch_after: u32,
    /// The most bytes of a serialised session.
    pub max_bytes: usize,
    /// A session that is open is locked: its requests come one after the other.
    pub locking: bool,
    /// A lock that is not renewed ends after so long.
    pub lock_ttl: Duration,
    /// So long a request waits for another one's lock.
    pub lock_wait: Duration,
    /// Deadline of one TCP and TLS connect.
    pub connect_timeout: Duration,
    /// Deadline of one attempt.
    pub attempt_timeout: Duration,
    /// Deadline of a call with all its attempts.
    pub request_timeout: Duration,
    /// Whether this host may leave a Region that has failed.
    pub failover: Failover,
    /// Which Region it uses while all is well.
    pub routing: Routing,
    /// How long the Regions are asked and written together after a switch or a bridge; zero: never.
    pub switch_window: Duration,
    /// Profile in the shared AWS configuration; none: the default chain.
    pub profile: Option<String>,
    /// Constants that each request gets, by the active Region: names and texts.
    pub constants: BTreeMap<Region, Vec<(String, String)>>,
    /// What is logged.
    pub log_level: LogLevel,
}

impl Default for Settings {
    fn default() -> Self {
        let mut settings = Settings {
            regions: Vec::new(),
            pin: None,
            parameter: String::new(),
            poll_interval: Duration::ZERO,
            state_file: None,
            endpoints: BTreeMap::new(),
            ssm_endpoints: BTreeMap::new(),
            table: String::new(),
            hash_key: String::new(),
            data_attribute: String::new(),
            expires_attribute: String::new(),
            format: Format::Sealed,
            prefix: String::new(),
            consistent_read: true,
            prefetch: true,
            write: WriteMode::Sync,
            touch_after: 0,
            max_bytes: 0,
            locking: false,
            lock_ttl: Duration::ZERO,
            lock_wait: Duration::ZERO,
            connect_timeout: Duration::ZERO,
            attempt_timeout: Duration::ZERO,
            request_timeout: Duration::ZERO,
            failover: Failover::Auto,
            routing: Routing::Active,
            switch_window: Duration::ZERO,
            profile: None,
            constants: BTreeMap::new(),
            log_level: LogLevel::Warning,
        };
        for setting in SETTINGS {
            // A default that does not parse is caught by the test below, not by users.
            let _ = (setting.parse)(&mut settings, setting.default());
        }
        settings
    }
}

/// The table.
pub const SETTINGS: &[Setting] = &[
    Setting {
        name: c"wp_dynamodb.regions",
        default: c"us-east-1,us-west-2",
        allowed: "1 to 8 different AWS Regions, separated by commas",
        meaning: "The Regions that hold the table, in the order of preference.",
        parse: |s, v| {
            s.regions = regions(v)?;
            Ok(())
        },
    },
    Setting {
        name: c"wp_dynamodb.region",
        default: c"",
        allowed: "empty, or one of wp_dynamodb.regions",
        meaning: "Pins this host to a Region, whatever the parameter says.",
        parse: |s, v| {
            s.pin = if v.is_empty() { None } else { Some(Region::parse(v)?) };
            Ok(())
        },
    },
    Setting {
        name: c"wp_dynamodb.region_parameter",
        default: c"/wordpress/dynamodb_region",
        allowed: "the name of an SSM parameter: letters, digits and . - _ /, at most 1011 characters",
        meaning: "The SSM parameter that holds the active Region; read in all Regions, the newest wins.",
        parse: |s, v| {
            s.parameter = name_of(v, "./-_", 1011)?;
            Ok(())
        },
    },
    Setting {
        name: c"wp_dynamodb.region_poll_interval",
        default: c"5",
        allowed: "1 to 3600 (seconds)",
        meaning: "How often one worker of the host asks for the parameter.",
        parse: |s, v| {
            s.poll_interval = Duration::from_secs(number(v, 1, 3600)?);
            Ok(())
        },
    },
    Setting {
        name: c"wp_dynamodb.state_file",
        default: c"/var/lib/wp-dynamodb/region.json",
        allowed: "empty, or an absolute path that the workers may write",
        meaning: "Keeps the last good Region for a start while SSM cannot be reached.",
        parse: |s, v| {
            s.state_file = match v {
                "" => None,
                path if path.starts_with('/') && !path.ends_with('/') && !path.contains('\0') => Some(PathBuf::from(path)),
                _ => return Err("it is not the absolute path of a file".into()),
            };
            Ok(())
        },
    },
    Setting {
        name: c"wp_dynamodb.endpoints",
        default: c"",
        allowed: "region=url pairs separated by commas, for Regions in wp_dynamodb.regions",
        meaning: "DynamoDB endpoints other than AWS's own: VPC endpoints, the lab.",
        parse: |s, v| {
            s.endpoints = endpoints(v)?;
            Ok(())
        },
    },
    Setting {
        name: c"wp_dynamodb.ssm_endpoints",
        default: c"",
        allowed: "region=url pairs separated by commas, for Regions in wp_dynamodb.regions",
        meaning: "SSM endpoints other than AWS's own.",
        parse: |s, v| {
            s.ssm_endpoints = endpoints(v)?;
            Ok(())
        },
    },
    Setting {
        name: c"wp_dynamodb.table",
        default: c"wordpress_sessions",
        allowed: "a DynamoDB table: 3 to 255 letters, digits and . - _",
        meaning: "The table that holds the sessions, the same name in every Region.",
        parse: |s, v| {
            s.table = name_of(v, ".-_", 255)?;
            if s.table.len() < 3 { Err("it is shorter than 3 characters".into()) } else { Ok(()) }
        },
    },
    Setting {
        name: c"wp_dynamodb.session_hash_key",
        default: c"session_id",
        allowed: "an attribute name of 1 to 255 characters",
        meaning: "Name of the table's partition key (type S).",
        parse: |s, v| {
            s.hash_key = attribute(v)?;
            Ok(())
        },
    },
    Setting {
        name: c"wp_dynamodb.session_data_attribute",
        default: c"data",
        allowed: "an attribute name of 1 to 255 characters",
        meaning: "Name of the attribute that holds the session data.",
        parse: |s, v| {
            s.data_attribute = attribute(v)?;
            Ok(())
        },
    },
    Setting {
        name: c"wp_dynamodb.session_expires_attribute",
        default: c"expires",
        allowed: "an attribute name of 1 to 255 characters",
        meaning: "Name of the attribute that holds the expiry (seconds since 1970): the table's TTL attribute.",
        parse: |s, v| {
            s.expires_attribute = attribute(v)?;
            Ok(())
        },
    },
    Setting {
        name: c"wp_dynamodb.session_format",
        default: c"sealed",
        allowed: "sealed or aws-sdk",
        meaning: "Layout of the items: sealed (key hashed, data encrypted) or that of the AWS SDK for PHP's session handler.",
        parse: |s, v| {
            s.format = match v {
                "sealed" => Format::Sealed,
                "aws-sdk" => Format::AwsSdk,
                _ => return Err("there is no such format".into()),
            };
            Ok(())
        },
    },
    Setting {
        name: c"wp_dynamodb.session_id_prefix",
        default: c"",
        allowed: "up to 255 printable characters; empty: the session name",
        meaning: "Keeps sites apart that share a table; takes the place of the session name in the key.",
        parse: |s, v| {
            if v.len() > 255 || v.chars().any(char::is_control) {
                return Err("it is too long or holds control characters".into());
            }
            s.prefix = v.to_owned();
            Ok(())
        },
    },
    Setting {
        name: c"wp_dynamodb.session_consistent_read",
        default: c"1",
        allowed: "0 or 1",
        meaning: "Reads are strongly consistent within the Region (twice the read units).",
        parse: |s, v| {
            s.consistent_read = flag(v)?;
            Ok(())
        },
    },
    Setting {
        name: c"wp_dynamodb.session_prefetch",
        default: c"1",
        allowed: "0 or 1",
        meaning: "The session is read as soon as the request comes with its cookie, beside the start of the page.",
        parse: |s, v| {
            s.prefetch = flag(v)?;
            Ok(())
        },
    },
    Setting {
        name: c"wp_dynamodb.session_write",
        default: c"sync",
        allowed: "sync, overlap or behind",
        meaning: "A changed session is stored before the page goes on (sync), before the response ends (overlap), or after it (behind).",
        parse: |s, v| {
            s.write = match v {
                "sync" => WriteMode::Sync,
                "overlap" => WriteMode::Overlap,
                "behind" => WriteMode::Behind,
                _ => return Err("there is no such mode".into()),
            };
            Ok(())
        },
    },
    Setting {
        name: c"wp_dynamodb.session_touch_after",
        default: c"10",
        allowed: "0 to 50 (percent of session.gc_maxlifetime)",
        meaning: "An unchanged session's expiry is moved only after this part of its lifetime; items live that much longer instead.",
        parse: |s, v| {
            s.touch_after = u32::try_from(number(v, 0, 50)?).unwrap_or_default();
            Ok(())
        },
    },
    Setting {
        name: c"wp_dynamodb.session_max_bytes",
        default: c"8388608",
        allowed: "1024 to 67108864 (bytes)",
        meaning: "The largest session that is stored, serialised and before compression. What does not fit into one item goes into several.",
        parse: |s, v| {
            s.max_bytes = usize::try_from(number(v, 1024, 64 << 20)?).unwrap_or_default();
            Ok(())
        },
    },
    Setting {
        name: c"wp_dynamodb.session_locking",
        default: c"0",
        allowed: "0 or 1; 1 only with session_format sealed",
        meaning: "A session is locked while a request has it open, so that none of two requests' changes is lost.",
        parse: |s, v| {
            s.locking = flag(v)?;
            Ok(())
        },
    },
    Setting {
        name: c"wp_dynamodb.session_lock_ttl",
        default: c"30",
        allowed: "2 to 3600 (seconds)",
        meaning: "A lock ends after this time when its worker has died; a living one renews it.",
        parse: |s, v| {
            s.lock_ttl = Duration::from_secs(number(v, 2, 3600)?);
            Ok(())
        },
    },
    Setting {
        name: c"wp_dynamodb.session_lock_wait",
        default: c"10",
        allowed: "0 to 300 (seconds)",
        meaning: "The longest a request waits for another one's lock; then session_start() fails.",
        parse: |s, v| {
            s.lock_wait = Duration::from_secs(number(v, 0, 300)?);
            Ok(())
        },
    },
    Setting {
        name: c"wp_dynamodb.connect_timeout_ms",
        default: c"300",
        allowed: "10 to 60000 (milliseconds), not above wp_dynamodb.attempt_timeout_ms",
        meaning: "Deadline of one connect, TLS included.",
        parse: |s, v| {
            s.connect_timeout = Duration::from_millis(number(v, 10, 60_000)?);
            Ok(())
        },
    },
    Setting {
        name: c"wp_dynamodb.attempt_timeout_ms",
        default: c"700",
        allowed: "10 to 60000 (milliseconds), not above wp_dynamodb.request_timeout_ms",
        meaning: "Deadline of one attempt of a call.",
        parse: |s, v| {
            s.attempt_timeout = Duration::from_millis(number(v, 10, 60_000)?);
            Ok(())
        },
    },
    Setting {
        name: c"wp_dynamodb.request_timeout_ms",
        default: c"2000",
        allowed: "10 to 60000 (milliseconds)",
        meaning: "Deadline of a call with all its attempts: the longest a page waits for one read or write.",
        parse: |s, v| {
            s.request_timeout = Duration::from_millis(number(v, 10, 60_000)?);
            Ok(())
        },
    },
    Setting {
        name: c"wp_dynamodb.failover",
        default: c"auto",
        allowed: "auto or follow",
        meaning: "auto: while the Region in use fails, calls go to the next healthy one; follow: only the parameter moves this host.",
        parse: |s, v| {
            s.failover = match v {
                "auto" => Failover::Auto,
                "follow" => Failover::Follow,
                _ => return Err("there is no such mode".into()),
            };
            Ok(())
        },
    },
    Setting {
        name: c"wp_dynamodb.routing",
        default: c"active",
        allowed: "active or local",
        meaning: "active: all hosts use the active Region; local: each uses its own Region until the parameter drains it (\"us-west-2 drain=us-east-1\").",
        parse: |s, v| {
            s.routing = match v {
                "active" => Routing::Active,
                "local" => Routing::Local,
                _ => return Err("there is no such routing".into()),
            };
            Ok(())
        },
    },
    Setting {
        name: c"wp_dynamodb.switch_window",
        default: c"30",
        allowed: "0 to 3600 (seconds); 0: never",
        meaning: "How long after a switch or a bridge sessions are read from and written to both Regions, so that the newest is found.",
        parse: |s, v| {
            s.switch_window = Duration::from_secs(number(v, 0, 3600)?);
            Ok(())
        },
    },
    Setting {
        name: c"wp_dynamodb.credentials_profile",
        default: c"",
        allowed: "empty, or a profile of the shared AWS configuration",
        meaning: "Credentials profile; empty: environment, profile, web identity, ECS, EC2, in this order.",
        parse: |s, v| {
            if v.chars().any(char::is_control) {
                return Err("it holds control characters".into());
            }
            s.profile = (!v.is_empty()).then(|| v.to_owned());
            Ok(())
        },
    },
    Setting {
        name: c"wp_dynamodb.constants",
        default: c"",
        allowed: "region:NAME=value triples separated by commas, for Regions in wp_dynamodb.regions; names of capitals, digits and _",
        meaning: "Constants that PHP has from the first line of a request on, by the active Region: DB_HOST, say, for wp-config.php.",
        parse: |s, v| {
            s.constants = constants(v)?;
            Ok(())
        },
    },
    Setting {
        name: c"wp_dynamodb.log_level",
        default: c"warning",
        allowed: "error, warning or info",
        meaning: "What goes to PHP's error log.",
        parse: |s, v| {
            s.log_level = match v {
                "error" => LogLevel::Error,
                "warning" => LogLevel::Warning,
                "info" => LogLevel::Info,
                _ => return Err("there is no such level".into()),
            };
            Ok(())
        },
    },
];

/// Parses all settings; `value` gives each one's text by its full name.
///
/// # Errors
/// Every bad value, each as a line that names setting, value, what is wrong and what is allowed.
pub fn parse(value: impl Fn(&Setting) -> String) -> Result<Settings, Vec<String>> {
    let mut settings = Settings::default();
    let mut errors = Vec::new();
    let complain = |setting: &Setting, text: &str, reason: &str| {
        let shown = crate::region::parameter::shown(&mask(text));
        format!("{} = \"{shown}\": {reason}; allowed: {}", setting.name(), setting.allowed)
    };
    for setting in SETTINGS {
        let text = value(setting);
        if let Err(reason) = (setting.parse)(&mut settings, text.trim()) {
            errors.push(complain(setting, &text, &reason));
        }
    }
    if errors.is_empty() {
        for (name, reason) in relations(&settings) {
            if let Some(setting) = SETTINGS.iter().find(|s| s.name() == name) {
                errors.push(complain(setting, &value(setting), &reason));
            }
        }
    }
    if errors.is_empty() { Ok(settings) } else { Err(errors) }
}

/// Hides a value that may hold a password: endpoints with a user are refused, and the refusal must not show them.
#[must_use]
pub fn mask(text: &str) -> String {
    if text.contains("://") && text.contains('@') { "***".to_owned() } else { text.to_owned() }
}

/// What must hold between settings.
fn relations(s: &Settings) -> Vec<(&'static str, String)> {
    let mut errors = Vec::new();
    if s.locking && s.format == Format::AwsSdk {
        errors.push(("wp_dynamodb.session_locking", "the layout of the AWS SDK has no locks that end by themselves".into()));
    }
    if let Some(pin) = s.pin.as_ref().filter(|pin| !s.regions.contains(pin)) {
        errors.push(("wp_dynamodb.region", format!("{pin} is not in wp_dynamodb.regions")));
    }
    if let Some(region) = s.constants.keys().find(|region| !s.regions.contains(region)) {
        errors.push(("wp_dynamodb.constants", format!("{region} is not in wp_dynamodb.regions")));
    }
    for (name, map) in [("wp_dynamodb.endpoints", &s.endpoints), ("wp_dynamodb.ssm_endpoints", &s.ssm_endpoints)] {
        for region in map.keys().filter(|region| !s.regions.contains(region)) {
            errors.push((name, format!("{region} is not in wp_dynamodb.regions")));
        }
    }
    if s.attempt_timeout > s.request_timeout {
        errors.push(("wp_dynamodb.attempt_timeout_ms", "it is longer than the whole call may take".into()));
    }
    if s.connect_timeout > s.attempt_timeout {
        errors.push(("wp_dynamodb.connect_timeout_ms", "it is longer than an attempt may take".into()));
    }
    let names = [&s.hash_key, &s.data_attribute, &s.expires_attribute];
    if names.iter().any(|name| crate::session::item::OWN_ATTRIBUTES.contains(&name.as_str())) {
        errors.push((
            "wp_dynamodb.session_hash_key",
            format!("key, data and expiry may not be named {}", crate::session::item::OWN_ATTRIBUTES.join(", ")),
        ));
    }
    if names[0] == names[1] || names[0] == names[2] || names[1] == names[2] {
        errors.push(("wp_dynamodb.session_hash_key", "key, data and expiry need three different attributes".into()));
    }
    errors
}

fn regions(text: &str) -> Result<Vec<Region>, String> {
    let mut regions = Vec::new();
    for part in text.split(',') {
        let region = Region::parse(part.trim())?;
        if regions.contains(&region) {
            return Err(format!("{region} is named twice"));
        }
        regions.push(region);
    }
    if regions.len() > MAX_REGIONS {
        return Err(format!("these are more than {MAX_REGIONS}"));
    }
    Ok(regions)
}

fn endpoints(text: &str) -> Result<BTreeMap<Region, String>, String> {
    let mut map = BTreeMap::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let (region, url) = part.split_once('=').ok_or("a pair has no =")?;
        let region = Region::parse(region.trim())?;
        let url = url.trim().trim_end_matches('/');
        let wrong = || format!("the URL for {region} is not http:// or https://, a host and perhaps a port");
        let uri: hyper::Uri = url.parse().map_err(|_| wrong())?;
        let authority = uri.authority().filter(|a| !a.host().is_empty() && !a.as_str().contains('@')).ok_or_else(wrong)?;
        let port_fits =
            authority.as_str().strip_prefix(authority.host()).is_some_and(|port| port.is_empty() || authority.port_u16().is_some());
        if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.path() != "/" || uri.query().is_some() || !port_fits {
            return Err(wrong());
        }
        if map.insert(region.clone(), url.to_owned()).is_some() {
            return Err(format!("{region} is named twice"));
        }
    }
    Ok(map)
}

fn constants(text: &str) -> Result<BTreeMap<Region, Vec<(String, String)>>, String> {
    let mut map: BTreeMap<Region, Vec<(String, String)>> = BTreeMap::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let wrong = || format!("\"{}\" is not region:NAME=value", part.split('=').next().unwrap_or_default());
        let (place, value) = part.split_once('=').ok_or_else(wrong)?;
        let (region, name) = place.split_once(':').ok_or_else(wrong)?;
        let (region, name) = (Region::parse(region.trim())?, name.trim());
        let good = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        if !(3..=64).contains(&name.len()) || !name.chars().all(good) || name.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(format!("\"{name}\" is not the name of a constant"));
        }
        let of_region = map.entry(region.clone()).or_default();
        if of_region.iter().any(|(known, _)| known == name) {
            return Err(format!("{name} is named twice for {region}"));
        }
        of_region.push((name.to_owned(), value.trim().to_owned()));
    }
    Ok(map)
}

fn number(text: &str, low: u64, high: u64) -> Result<u64, String> {
    let number: u64 = text.parse().map_err(|_| "it is not a whole number".to_owned())?;
    if (low..=high).contains(&number) { Ok(number) } else { Err("it is out of range".into()) }
}

/// PHP turns `on`, `yes` and `true` of an ini file into 1, but not those of `-d` in quotes or of the environment.
fn flag(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "on" | "yes" | "true" => Ok(true),
        "" | "0" | "off" | "no" | "false" | "none" => Ok(false),
        _ => Err("it is neither 0 nor 1".into()),
    }
}

fn name_of(text: &str, marks: &str, longest: usize) -> Result<String, String> {
    if text.is_empty() {
        return Err("it is empty".into());
    }
    if text.len() > longest {
        return Err("it is too long".into());
    }
    match text.chars().find(|c| !c.is_ascii_alphanumeric() && !marks.contains(*c)) {
        Some(bad) => Err(format!("{bad:?} is not allowed in it")),
        None => Ok(text.to_owned()),
    }
}

fn attribute(text: &str) -> Result<String, String> {
    if text.is_empty() || text.len() > 255 || text.chars().any(char::is_control) {
        return Err("it is empty, too long or holds control characters".into());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn with(name: &str, value: &str) -> Result<Settings, Vec<String>> {
        parse(|s| if s.name() == format!("wp_dynamodb.{name}") { value.to_owned() } else { s.default().to_owned() })
    }

    #[test]
    fn every_default_is_valid() {
        let settings = parse(|s| s.default().to_owned()).expect("defaults parse");
        assert_eq!(settings, Settings::default());
        assert_eq!(settings.regions.len(), 2);
        assert_eq!(settings.table, "wordpress_sessions");
    }

    #[test]
    fn a_bad_value_is_named_with_what_is_allowed() {
        let errors = with("region_poll_interval", "soon").unwrap_err();
        assert_eq!(errors, ["wp_dynamodb.region_poll_interval = \"soon\": it is not a whole number; allowed: 1 to 3600 (seconds)"]);
    }

    #[test]
    fn refuses_what_cannot_work() {
        for (name, value) in [
            ("regions", ""),
            ("regions", "us-east-1,us-east-1"),
            ("regions", "us-east-1,,us-west-2"),
            ("regions", "US-EAST-1"),
            ("region", "eu-west-1"),
            ("region_parameter", ""),
            ("region_parameter", "/a b"),
            ("region_poll_interval", "0"),
            ("session_prefetch", "maybe"),
            ("session_write", "async"),
            ("session_max_bytes", "100"),
            ("session_lock_ttl", "1"),
            ("session_lock_wait", "301"),
            ("session_locking", "on, please"),
            ("state_file", "relative.json"),
            ("endpoints", "us-east-1"),
            ("endpoints", "us-east-1=ftp://host"),
            ("endpoints", "us-east-1=http://"),
            ("endpoints", "us-east-1=http://ho^st"),
            ("endpoints", "us-east-1=http://[::1"),
            ("endpoints", "us-east-1=http://host:99999"),
            ("endpoints", "us-east-1=http://me:secret@host"),
            ("endpoints", "us-east-1=https://host/?x=1"),
            ("endpoints", "us-east-1=https://host/path"),
            ("state_file", "/"),
            ("state_file", "/var/lib/"),
            ("endpoints", "eu-west-1=http://host"),
            ("ssm_endpoints", "us-east-1=http://a,us-east-1=http://b"),
            ("table", "ab"),
            ("table", "a table"),
            ("session_hash_key", ""),
            ("session_data_attribute", "session_id"),
            ("session_format", "json"),
            ("session_id_prefix", "a\u{1}b"),
            ("session_consistent_read", "maybe"),
            ("session_touch_after", "51"),
            ("connect_timeout_ms", "701"),
            ("attempt_timeout_ms", "2001"),
            ("request_timeout_ms", "-1"),
            ("log_level", "loud"),
            ("constants", "DB_HOST=db"),
            ("constants", "us-east-1:DB_HOST"),
            ("constants", "us-east-1:db_host=db"),
            ("constants", "us-east-1:DB_HOST=a,us-east-1:DB_HOST=b"),
            ("constants", "eu-west-1:DB_HOST=db"),
        ] {
            let errors = with(name, value).expect_err(name);
            assert!(errors[0].starts_with(&format!("wp_dynamodb.{name} = ")) || name == "session_data_attribute", "{errors:?}");
        }
    }

    #[test]
    fn passwords_in_urls_are_masked() {
        for url in ["http://me:secret@host", "http://me:se/secret@host", "http://me:x,us-west-2=secret@host"] {
            let errors = with("endpoints", &format!("us-east-1={url}")).unwrap_err();
            assert!(!errors[0].contains("secret"), "{errors:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,80}") {
            for setting in SETTINGS {
                let _ = (setting.parse)(&mut Settings::default(), &text);
            }
            let _ = mask(&text);
        }
    }
}
