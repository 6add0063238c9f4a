//! The rehearsal: a Region is lost, and all that answers the loss runs: health checks, DNS, alarm, the real Lambda, parameters, hosts.
//!
//! Time is compressed: every interval that can be set is divided by the scale, and all figures are given in real seconds again.
//!
//! ```text
//!  run ─► scenario (what is lost, when) ─► stage ─► figures ─► limits ─► report (text, JSON, HTML)
//!                                            │
//!  stack (lab, php-fpm, nginx, WordPress) ◄──┤
//!  gates (the Regions' public addresses) ◄───┤◄── visitors, by DNS
//!  health (route53, alarm) ◄─────────────────┤──► events
//!  controller (lambda, ticks; or the recipe) ┘
//! ```
//!
//! | module | holds |
//! |---|---|
//! | [`scale`] | the table of intervals, real and compressed |
//! | [`scenario`] | what is lost, for how long, and which design answers |
//! | [`stage`] | one scenario from a whole lab to its story |
//! | [`gate`] | a Region's public address, which can become a black hole |
//! | [`health`] | health checks, DNS and the alarm at work |
//! | [`controller`] | the Lambda with its schedule and queue; the usual recipe's |
//! | [`visitors`] | requests to where DNS says |
//! | [`watch`] | what parameters and hosts say |
//! | [`story`] | what happened, in real seconds |
//! | [`figures`], [`limits`] | what came of it; whether that is good enough |
//! | [`report`], [`run`] | table, JSON, HTML with plots; the whole |

pub mod controller;
pub mod figures;
pub mod gate;
pub mod health;
pub mod limits;
pub mod report;
pub mod run;
pub mod scale;
pub mod scenario;
pub mod stage;
pub mod story;
pub mod visitors;
pub mod watch;
