//! What can go wrong at a front, and how it is described.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The two services a Region has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    /// DynamoDB.
    Dynamodb,
    /// Systems Manager, of which the lab needs the parameter store.
    Ssm,
}

impl Service {
    /// Both services, in the order of their ports.
    pub const ALL: [Service; 2] = [Service::Dynamodb, Service::Ssm];

    /// The name in commands, counters and signatures.
    pub fn name(self) -> &'static str {
        match self {
            Service::Dynamodb => "dynamodb",
            Service::Ssm => "ssm",
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Service {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Service::ALL
            .into_iter()
            .find(|service| service.name() == text)
            .ok_or_else(|| format!("unknown service {text:?}; use dynamodb or ssm"))
    }
}

/// The kind of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// All is well.
    #[default]
    None,
    /// Every call takes longer: half of the time before it is carried out, half after.
    Latency,
    /// The connection is accepted and read, nothing is carried out, nothing is answered.
    Blackhole,
    /// The port is closed: connections are refused, existing ones end.
    Refuse,
    /// Connections are reset (RST): existing ones at once, new ones at their first request.
    Reset,
    /// InternalServerError, HTTP 500. Nothing is carried out.
    #[serde(rename = "5xx")]
    ServerError,
    /// The service's throttling error, HTTP 400. Nothing is carried out.
    Throttle,
    /// The call **is** carried out; the answer stops after its headers and half of its body.
    Hang,
    /// AccessDeniedException, HTTP 400. Nothing is carried out.
    Denied,
    /// ResourceNotFoundException (SSM: ParameterNotFound), HTTP 400, as if the table or parameter did not exist. Nothing is carried out.
    Missing,
    /// connect() hangs as if its packets were dropped; existing connections are black holes.
    Noconnect,
    /// The name no longer resolves, and existing connections end, for they would hide it. Who connects by address is served.
    Dns,
}

impl Kind {
    /// All kinds, in the order in which help and errors list them.
    pub const ALL: [Kind; 12] = [
        Kind::None,
        Kind::Latency,
        Kind::Blackhole,
        Kind::Refuse,
        Kind::Reset,
        Kind::ServerError,
        Kind::Throttle,
        Kind::Hang,
        Kind::Denied,
        Kind::Missing,
        Kind::Noconnect,
        Kind::Dns,
    ];

    /// The name in commands and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Kind::None => "none",
            Kind::Latency => "latency",
            Kind::Blackhole => "blackhole",
            Kind::Refuse => "refuse",
            Kind::Reset => "reset",
            Kind::ServerError => "5xx",
            Kind::Throttle => "throttle",
            Kind::Hang => "hang",
            Kind::Denied => "denied",
            Kind::Missing => "missing",
            Kind::Noconnect => "noconnect",
            Kind::Dns => "dns",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Kind::ALL.into_iter().find(|kind| kind.name() == text).ok_or_else(|| {
            let known: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
            format!("unknown fault {text:?}; use one of {}", known.join(", "))
        })
    }
}

/// The fault of one front.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// What happens.
    pub kind: Kind,
    /// Added time of [`Kind::Latency`], in milliseconds.
    #[serde(default)]
    pub ms: u64,
    /// The share of calls that are struck, 0 to 1.
    #[serde(default = "always")]
    pub rate: f64,
}

fn always() -> f64 {
    1.0
}

impl Default for Fault {
    fn default() -> Self {
        Fault::of(Kind::None)
    }
}

impl Fault {
    /// A fault that strikes every call.
    pub fn of(kind: Kind) -> Self {
        Fault { kind, ms: 0, rate: 1.0 }
    }

    /// Latency of `ms` on every call.
    pub fn latency(ms: u64) -> Self {
        Fault { kind: Kind::Latency, ms, rate: 1.0 }
    }

    /// The same fault, striking a share of the calls only.
    pub fn with_rate(self, rate: f64) -> Self {
        Fault { rate, ..self }
    }

    /// Checks that the parts go together; the message says what to do.
    pub fn check(&self) -> Result<(), String> {
        if !(0.0..=1.0).contains(&self.rate) {
            return Err(format!("rate {} is not between 0 and 1", self.rate));
        }
        if self.rate < 1.0 && matches!(self.kind, Kind::Refuse | Kind::Noconnect | Kind::Dns) {
            return Err(format!("{} concerns connecting, not calls, and takes no rate; use reset or blackhole with a rate", self.kind));
        }
        match (self.kind, self.ms) {
            (Kind::Latency, 0) => Err("latency needs --ms (milliseconds, 1 or more)".into()),
            (Kind::Latency, ms) if ms > 600_000 => Err(format!("latency of {ms} ms is over 600000 ms (ten minutes)")),
            _ => Ok(()),
        }
    }

    /// What strikes one call: the kind, or [`Kind::None`] when the dice say so.
    pub(crate) fn draw(&self) -> Kind {
        if self.rate < 1.0 && fastrand::f64() >= self.rate { Kind::None } else { self.kind }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)?;
        if self.kind == Kind::Latency {
            write!(f, " {} ms", self.ms)?;
        }
        if self.rate < 1.0 {
            write!(f, " ({} % of calls)", self.rate * 100.0)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_there_and_back() {
        for kind in Kind::ALL {
            assert_eq!(kind.name().parse::<Kind>(), Ok(kind));
            let json = serde_json::to_string(&kind).unwrap();
            assert_eq!(json, format!("\"{kind}\""));
        }
        assert!("slow".parse::<Kind>().unwrap_err().contains("blackhole"));
    }

    #[test]
    fn parts_that_do_not_go_together_are_refused() {
        assert!(Fault::of(Kind::Latency).check().is_err());
        assert!(Fault::latency(5).check().is_ok());
        for kind in [Kind::Refuse, Kind::Noconnect, Kind::Dns] {
            assert!(Fault::of(kind).with_rate(0.5).check().is_err());
        }
        assert!(Fault::of(Kind::Throttle).with_rate(1.5).check().is_err());
        assert!(Fault::of(Kind::Throttle).with_rate(f64::NAN).check().is_err());
    }

    #[test]
    fn the_rate_is_a_share_of_calls() {
        let fault = Fault::of(Kind::Throttle).with_rate(0.25);
        let struck = (0..4000).filter(|_| fault.draw() == Kind::Throttle).count();
        assert!((700..1300).contains(&struck), "{struck} of 4000");
        assert_eq!(Fault::of(Kind::Throttle).with_rate(0.0).draw(), Kind::None);
    }
}
