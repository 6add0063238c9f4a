//! The two ways into a Region's service: its own hosts come by the local door, hosts of other Regions by the remote one.
//!
//! What is behind them is the same. Two doors are what lets a fault come between Regions while each goes on serving its own.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::fault::Service;

/// A door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Door {
    /// For hosts of the same Region.
    Local,
    /// For hosts of the other Regions.
    Remote,
}

impl Door {
    /// Both doors.
    pub const ALL: [Door; 2] = [Door::Local, Door::Remote];

    /// The name in commands and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Door::Local => "local",
            Door::Remote => "remote",
        }
    }

    /// The name by which clients find a service here, in the hosts file.
    pub fn host_name(self, service: Service, region: &str) -> String {
        let local = format!("{service}.{region}.aws.test");
        match self {
            Door::Local => local,
            Door::Remote => format!("remote.{local}"),
        }
    }

    /// The port, from the base port, of a service in the Region at this place in the lab's list.
    pub fn port_offset(self, index: usize, service: Service) -> u16 {
        let service = match service {
            Service::Dynamodb => 0,
            Service::Ssm => 1,
        };
        let door = match self {
            Door::Local => 0,
            Door::Remote => 2,
        };
        10 * index as u16 + 10 + door + service
    }
}

impl fmt::Display for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Door {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Door::ALL.into_iter().find(|door| door.name() == text).ok_or_else(|| format!("unknown door {text:?}; use local or remote"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_doors_share_a_port() {
        let mut ports = Vec::new();
        for index in 0..4 {
            for service in Service::ALL {
                ports.extend(Door::ALL.map(|door| door.port_offset(index, service)));
            }
        }
        assert_eq!(&ports[..8], [10, 12, 11, 13, 20, 22, 21, 23]);
        ports.sort_unstable();
        ports.dedup();
        assert_eq!(ports.len(), 16);
        // The front and the nginx of the demo are from 50 on.
        assert!(ports.iter().all(|port| (10..50).contains(port)));
    }

    #[test]
    fn names_go_there_and_back() {
        for door in Door::ALL {
            assert_eq!(door.name().parse(), Ok(door));
            assert_eq!(serde_json::to_string(&door).unwrap(), format!("\"{door}\""));
        }
        assert!("back".parse::<Door>().unwrap_err().contains("local or remote"));
    }
}
