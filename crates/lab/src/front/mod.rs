//! A door of a Region's service: the port that clients connect to.
//!
//! It counts every request and strikes faults. Faults are read from a watch channel, so that those which wait (a latency, a
//! black hole) and those which listen hear of a change at once.

mod answer;
mod connection;
mod port;
mod strike;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;
use hyper::HeaderMap;
use serde::Serialize;
use tokio::sync::watch;

pub use answer::Answer;

use crate::counters::Counters;
use crate::door::Door;
use crate::fault::{Fault, Service};
use crate::region::Region;
use crate::ssm::Ssm;
use crate::{dynamo, ssm};
use connection::End;
use port::Port;

/// What stands behind a front.
#[derive(Debug)]
pub enum Backend {
    /// The Region's database.
    Dynamodb(Arc<Region>),
    /// The Region's parameter store.
    Ssm(Ssm),
}

impl Backend {
    fn service(&self) -> Service {
        match self {
            Backend::Dynamodb(_) => Service::Dynamodb,
            Backend::Ssm(_) => Service::Ssm,
        }
    }
}

/// The fault in force and what those need to know who were not looking when it changed.
///
/// A fault can come and go between two looks of a connection. The numbers tell it what it has missed.
#[derive(Debug, Clone, Copy, Default)]
struct Strike {
    fault: Fault,
    /// Counts changes.
    number: u64,
    /// The last change that ended all connections, and how.
    ended: Option<(u64, End)>,
    /// The last change to a fault that is no black hole.
    answering: u64,
}

impl Strike {
    fn change(&mut self, fault: Fault) -> bool {
        if self.fault == fault {
            return false;
        }
        self.fault = fault;
        self.number += 1;
        if let Some(end) = connection::end_by(fault) {
            self.ended = Some((self.number, end));
        }
        if !strike::swallows(fault.kind) {
            self.answering = self.number;
        }
        true
    }
}

/// One front.
#[derive(Debug)]
pub struct Front {
    /// The Region's name.
    pub region: String,
    /// Whom it is for.
    pub door: Door,
    /// Its name in the hosts file.
    pub name: String,
    /// The port it listens on, on 127.0.0.1.
    pub port: u16,
    /// Calls per operation, by either door of the service.
    counters: Arc<Counters>,
    backend: Backend,
    strikes: watch::Sender<Strike>,
    /// The number of the strike that the listening port has taken on.
    taken_on: watch::Sender<u64>,
    accepted: AtomicU64,
    open: AtomicU64,
}

/// A front's state, for status.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Where clients connect.
    pub url: String,
    /// The name there, in the hosts file.
    pub name: String,
    /// The fault in force.
    pub fault: Fault,
    /// Connections accepted so far.
    pub accepted: u64,
    /// Connections open now.
    pub open: u64,
}

impl Front {
    /// Opens the port (0: chosen by the system) and serves it from now on.
    pub fn open(region: &str, door: Door, port: u16, backend: Backend, counters: Arc<Counters>) -> Result<Arc<Self>> {
        let port = Port::open(port)?;
        let front = Arc::new(Front {
            region: region.to_owned(),
            door,
            name: door.host_name(backend.service(), region),
            port: port.number(),
            counters,
            backend,
            strikes: watch::Sender::default(),
            taken_on: watch::Sender::default(),
            accepted: AtomicU64::new(0),
            open: AtomicU64::new(0),
        });
        tokio::spawn(front.clone().listen(port));
        Ok(front)
    }

    /// The service behind this front.
    pub fn service(&self) -> Service {
        self.backend.service()
    }

    /// The fault in force.
    pub fn fault(&self) -> Fault {
        self.strikes.borrow().fault
    }

    /// Changes the fault; returns when the port is in its new state.
    pub async fn strike(&self, fault: Fault) {
        let mut taken_on = self.taken_on.subscribe();
        self.strikes.send_if_modified(|strike| strike.change(fault));
        let number = self.strikes.borrow().number;
        // The listening task ends only with the runtime.
        let _ = taken_on.wait_for(|taken_on| *taken_on >= number).await;
    }

    /// Where clients connect.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The state of this front.
    pub fn report(&self) -> Report {
        Report {
            url: self.url(),
            name: self.name.clone(),
            fault: self.fault(),
            accepted: self.accepted.load(Ordering::Relaxed),
            open: self.open.load(Ordering::Relaxed),
        }
    }

    /// Accepts connections while the fault of the hour lets it.
    async fn listen(self: Arc<Self>, mut port: Port) {
        let mut strikes = self.strikes.subscribe();
        loop {
            let Strike { fault, number, .. } = *strikes.borrow_and_update();
            port = match port.become_what(fault.kind) {
                Ok(port) => port,
                Err(error) => {
                    // The port is ours, so the machine has failed (no sockets left). A lab without one of its ports would
                    // show faults that nobody has set.
                    eprintln!("lab: {} {}: {error:#}; giving up", self.region, self.service());
                    std::process::exit(1);
                }
            };
            self.taken_on.send_replace(number);
            loop {
                tokio::select! {
                    biased;
                    _ = strikes.changed() => break,
                    stream = port.accept() => {
                        tokio::spawn(connection::serve(self.clone(), stream, number));
                    }
                }
            }
        }
    }

    /// Carries a request out, without faults.
    async fn carry_out(&self, headers: &HeaderMap, query: &str, operation: &str, body: &[u8]) -> Answer {
        if let Some(refusal) = self.check_signature(headers, query) {
            return refusal;
        }
        match &self.backend {
            Backend::Dynamodb(region) => match std::str::from_utf8(body) {
                Ok(body) => dynamo::answer(&region.name, operation, region.call(operation, body)),
                Err(_) => dynamo::error(400, "SerializationException", "the body is not UTF-8"),
            },
            Backend::Ssm(ssm) => ssm.answer(operation, body).await,
        }
    }

    /// AWS refuses what is unsigned or signed for another Region; nobody's signature itself is checked here.
    fn check_signature(&self, headers: &HeaderMap, query: &str) -> Option<Answer> {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let authorization = header("authorization");
        let has_date_header = header("x-amz-date").or(header("date")).is_some();
        let material = dynoxide::auth_material::AuthMaterial { authorization, query, has_date_header };
        if let Some(body) = dynoxide::auth_material::validate(material) {
            return Some(match self.service() {
                Service::Dynamodb => dynamo::json_answer(400, body),
                Service::Ssm => ssm::json_answer(400, body),
            });
        }
        let scope = authorization?.split("Credential=").nth(1)?.split(',').next()?;
        let signed_for = scope.rsplit('/').nth(2)?;
        (signed_for != self.region).then(|| {
            let message = format!("Credential should be scoped to a valid region, not '{signed_for}'. ");
            self.error(400, "InvalidSignatureException", &message)
        })
    }

    /// An error as this front's service words it.
    fn error(&self, status: u16, class: &str, message: &str) -> Answer {
        match self.service() {
            Service::Dynamodb => dynamo::error(status, class, message),
            Service::Ssm => ssm::error(status, class, message),
        }
    }
}
