//! The controller: which Region should be active, and the calls that make it so.
//!
//! ```text
//! settings     what is set from outside: Regions, names, policy
//! event        what may wake the Lambda: ticks, alarms in three shapes, orders of people
//! signal       what one look at the Regions has seen
//! memory       what is remembered from one look to the next
//! rights       what a controller may do, as it has tried itself
//! decide/      (memory, look, mode, policy, now) → memory, decision; pure
//! world        what the controller needs of the world, as a trait
//! aws/         the world: clients, canary, site, parameters, ledger, rights, steps
//! controller   an event's way: remember, look, decide, act, write down
//! ctl/         the command line
//! answer       what came of it: the Lambda's answer, log lines, metrics
//! ```
//!
//! A controller runs in every Region and moves the active Region **only to its own**: what it needs is never in the Region that is lost.

pub mod answer;
pub mod aws;
pub mod controller;
pub mod ctl;
pub mod decide;
pub mod event;
pub mod memory;
pub mod rights;
pub mod settings;
pub mod signal;
pub mod world;
