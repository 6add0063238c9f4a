//! Drills: a fault under steady load through nginx and php-fpm, every answer checked, every figure held against its limit.
//!
//! ```text
//!               catalog (drills: steps and limits) ─► pass ─► figures ─► verdict ─► report (text, JSON, HTML)
//!                                                      │
//!  stack (child process: lab, php-fpm, nginx) ◄─ script ┤ the steps, at their times
//!  nginx ◄──────────── load (open loop, roster, session) ┤ requests, and what each session must hold
//!  status pages ◄────────────────────────────── watch ──┤ each host's route
//!  the lab's counters ◄──────────────────────── calls ──┘ calls per Region
//! ```
//!
//! | module | holds |
//! |---|---|
//! | [`catalog`] | the table of drills: what happens, and the limits |
//! | [`limits`] | the kinds of limits, and how they are written |
//! | [`timeline`] | quiet, fault, healed: when each begins |
//! | [`script`] | carries out a drill's steps |
//! | [`pass`] | one drill with one kind of page, from a whole lab to the final check |
//! | [`load`], [`roster`], [`session`] | the open loop; whose turn it is; what a session must hold |
//! | [`record`] | what happened to each request |
//! | [`page`], [`http`] | the pages and what their answers say; HTTP |
//! | [`watch`], [`calls`] | what the hosts say of themselves; the lab's counters |
//! | [`figures`], [`verdict`] | what was measured; whether that is within the limits |
//! | [`progress`], [`report`] | the live line; table, JSON and HTML |
//! | [`run`] | all drills asked for, one after the other |
//! | [`stack`], [`lab`] | the programs under the drill, and the lab's control interface |

pub mod calls;
pub mod catalog;
pub mod figures;
pub mod http;
pub mod lab;
pub mod limits;
pub mod load;
pub mod page;
pub mod pass;
pub mod progress;
pub mod record;
pub mod report;
pub mod roster;
pub mod run;
pub mod script;
pub mod session;
pub mod stack;
pub mod timeline;
pub mod verdict;
pub mod watch;
