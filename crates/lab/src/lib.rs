//! AWS Regions on one machine: DynamoDB and SSM per Region, table replication between them, and faults.
//!
//! One process, loopback only. What stands where:
//!
//! ```text
//! client ──► front (per Region, service and door: counts, strikes faults) ──► dynamo ──► dynoxide, in memory
//!                     ▲                                           └────────► ssm    ──► moto_server (one child process)
//! operator ──► control (HTTP, JSON) ── lab ── replication (Region ⇄ Region, last writer wins)
//! ```
//!
//! | module | holds |
//! |---|---|
//! | [`lab`] | start and stop of the whole, and what an operator can do to it |
//! | [`site`] | one Region of the lab with its doors |
//! | [`door`] | the two ways in: for hosts of the same Region, and for those of the others |
//! | [`region`] | one Region: its database, who wrote each item last |
//! | [`dynamo`] | DynamoDB's wire protocol on top of dynoxide |
//! | [`item`] | item keys: which items a write touches |
//! | [`replication`] | queues between Regions: lag, pause, partition |
//! | [`front`] | the listening port: connections, faults, counters |
//! | [`fault`] | what can go wrong, and how it is described |
//! | [`hosts`] | the hosts file: the doors by name |
//! | [`ssm`] | SSM's wire protocol to moto, and the parameter |
//! | [`moto`] | the child process |
//! | [`child`] | child processes that die with the lab |
//! | [`control`] | the HTTP control interface |
//! | [`route53`] | health checks and failover records, simulated |
//! | [`alarm`] | CloudWatch alarms on health checks, and their events |
//! | [`lambda`] | Lambda: the runtime API, and a real `bootstrap` that speaks it |
//! | [`rehearse`] | the loss of a Region with everything that answers it, in compressed time |
//! | [`trial`] | what drills and rehearsals share: endings, limits, reports |
//! | [`drill`] | faults under load through nginx and php-fpm, held against limits |
//! | [`cli`] | the command line and its client side |

pub mod alarm;
pub mod child;
pub mod cli;
pub mod control;
pub mod counters;
pub mod door;
pub mod drill;
pub mod dynamo;
pub mod fault;
pub mod front;
pub mod hosts;
pub mod item;
pub mod lab;
pub mod lambda;
pub mod moto;
pub mod region;
pub mod rehearse;
pub mod replication;
pub mod route53;
pub mod site;
pub mod ssm;
pub mod trial;

pub use door::Door;
pub use fault::{Fault, Kind, Service};
pub use lab::{Config, Lab};
