//! One Region of the lab with its doors.

use std::sync::Arc;

use anyhow::Result;
use serde::Serialize;

use crate::counters::{Calls, Counters};
use crate::door::Door;
use crate::fault::Service;
use crate::front::{self, Backend, Front};
use crate::region::Region;
use crate::ssm::{Parameter, Ssm};

/// One Region of the lab.
#[derive(Debug)]
pub struct Site {
    /// Its database.
    pub region: Arc<Region>,
    /// Its parameter store.
    pub store: Ssm,
    /// DynamoDB's fronts.
    pub dynamodb: Doors,
    /// SSM's fronts.
    pub ssm: Doors,
}

/// The fronts of one service, one per door. What stands behind them and what counts their calls is shared.
#[derive(Debug)]
pub struct Doors {
    /// For hosts of the same Region.
    pub local: Arc<Front>,
    /// For hosts of the other Regions.
    pub remote: Arc<Front>,
    counters: Arc<Counters>,
}

impl Site {
    /// Opens the Region's doors; `base` is the lab's base port, 0: every port is chosen by the system.
    pub fn open(region: Arc<Region>, store: Ssm, base: u16) -> Result<Site> {
        let dynamodb = Doors::open(&region, base, Service::Dynamodb, || Backend::Dynamodb(region.clone()))?;
        let ssm = Doors::open(&region, base, Service::Ssm, || Backend::Ssm(store.clone()))?;
        Ok(Site { region, store, dynamodb, ssm })
    }

    /// The doors of a service.
    pub fn doors(&self, service: Service) -> &Doors {
        match service {
            Service::Dynamodb => &self.dynamodb,
            Service::Ssm => &self.ssm,
        }
    }

    /// All fronts.
    pub fn fronts(&self) -> impl Iterator<Item = &Arc<Front>> {
        Service::ALL.into_iter().flat_map(|service| Door::ALL.map(|door| self.doors(service).front(door)))
    }
}

impl Doors {
    fn open(region: &Region, base: u16, service: Service, backend: impl Fn() -> Backend) -> Result<Doors> {
        let counters = Arc::new(Counters::default());
        let open = |door: Door| {
            let port = if base == 0 { 0 } else { base + door.port_offset(region.index, service) };
            Front::open(&region.name, door, port, backend(), counters.clone())
        };
        let (local, remote) = (open(Door::Local)?, open(Door::Remote)?);
        Ok(Doors { local, remote, counters })
    }

    /// The front of a door.
    pub fn front(&self, door: Door) -> &Arc<Front> {
        match door {
            Door::Local => &self.local,
            Door::Remote => &self.remote,
        }
    }

    /// Calls by either door; `reset` starts from zero again.
    pub fn calls(&self, reset: bool) -> Calls {
        if reset { self.counters.take() } else { self.counters.get() }
    }

    /// The state of both doors.
    pub fn report(&self) -> DoorsReport {
        DoorsReport { local: self.local.report(), remote: self.remote.report() }
    }
}

/// One Region's state.
#[derive(Debug, Serialize)]
pub struct SiteReport {
    /// DynamoDB's doors.
    pub dynamodb: DoorsReport,
    /// SSM's doors.
    pub ssm: DoorsReport,
    /// The parameter here.
    pub parameter: Parameter,
    /// What kept the parameter from being read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter_error: Option<String>,
    /// Items in the session table, expired ones included.
    pub items: i64,
}

/// The state of a service's doors: the local one as the service's own, the other under "remote".
#[derive(Debug, Serialize)]
pub struct DoorsReport {
    /// The local door.
    #[serde(flatten)]
    pub local: front::Report,
    /// The remote door.
    pub remote: front::Report,
}
