//! All drills asked for, one after the other, and their report.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use tokio::time::Instant;

use super::catalog::Drill;
use super::http::Http;
use super::lab::Lab;
use super::load::Site;
use super::page::Page;
use super::pass::Pass;
use super::progress::Progress;
use super::report::{DrillReport, Machine, Report, html, text};
use super::session::Session;
use super::stack::{self, Stack};
use super::timeline::{Clock, Timeline};
use crate::trial::{Ending, Reports, unless_interrupted};

/// WordPress runs at this share of what the machine can carry,
const WORDPRESS_SHARE: f64 = 0.6;
/// and at so many pages a second at most.
const WORDPRESS_MOST: f64 = 8.0;
const CARTS: u32 = 60;

/// What to run, and how.
#[derive(Debug)]
pub struct Options {
    /// The drills.
    pub drills: Vec<&'static Drill>,
    /// Short phases at half the rate, to see that everything works.
    pub quick: bool,
    /// Requests a second of all hosts together.
    pub rate: f64,
    /// Visitors.
    pub sessions: u32,
    /// The programs under the drills.
    pub stack: stack::Options,
    /// Where the report goes.
    pub reports: Reports,
}

/// The visitors of one kind of page, for all drills.
struct Audience {
    site: Site,
    rate: f64,
    sessions: Vec<Session>,
    timeline: fn(&Options, &Drill) -> Timeline,
}

/// Runs the drills; the table goes to standard output.
///
/// # Errors
/// When the run broke off, or the report could not be written.
pub async fn run(options: &Options) -> Result<Ending> {
    let progress = Progress::default();
    let (mut stack, description) = match unless_interrupted(Stack::start(&options.stack)).await {
        Ok(started) => started,
        Err(error) => {
            progress.tell(&format!("drill: the stack could not be started: {error:#}"));
            return Ok(Ending::NotStarted);
        }
    };
    let mut drills = Vec::new();
    let ran = unless_interrupted(all(options, &mut stack, &description, &mut drills, progress)).await;
    stack.stop().await;
    if drills.is_empty() {
        return ran.map(|()| Ending::Met);
    }
    let broke_off = ran.err().map(|error| format!("{error:#}"));
    let report = Report {
        made_at: SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs(),
        command: options.reports.command.clone(),
        machine: Machine { cpus: std::thread::available_parallelism()?.get(), workers_per_host: options.stack.workers },
        met: broke_off.is_none() && drills.iter().all(|drill| drill.met),
        broke_off,
        regions: description.hosts.iter().map(|host| host.region.clone()).collect(),
        drills,
    };
    options.reports.give(&report, text::table, html::page)?;
    Ok(match &report.broke_off {
        Some(_) => Ending::BrokeOff,
        None if report.met => Ending::Met,
        None => Ending::Missed,
    })
}

/// Runs them one after the other; `drills` has those that have ended.
async fn all(
    options: &Options,
    stack: &mut Stack,
    description: &stack::Description,
    drills: &mut Vec<DrillReport>,
    progress: Progress,
) -> Result<()> {
    let http = Http::default();
    let regions: Vec<String> = description.hosts.iter().map(|host| host.region.clone()).collect();
    let lab = Lab::new(http.clone(), &description.control, regions);
    let site = |page| Site { http: http.clone(), hosts: description.hosts.clone(), page };
    let visitors = |count| (1..=count).map(Session::new).collect();
    let mut audiences =
        vec![Audience { site: site(Page::Session), rate: options.rate, sessions: visitors(options.sessions), timeline: session_timeline }];
    if options.stack.wordpress {
        if description.hosts.iter().any(|host| host.cart.is_none()) {
            anyhow::bail!("the stack has no WordPress; --no-wordpress does without");
        }
        let (site, mut sessions) = (site(Page::Wordpress), visitors(CARTS));
        let rate = wordpress_rate(&site, &mut sessions).await?;
        progress.tell(&format!("WordPress at {rate:.1} pages a second"));
        audiences.push(Audience { site, rate, sessions, timeline: wordpress_timeline });
    }
    for drill in &options.drills {
        progress.tell(&format!("{}: {}", drill.name, drill.what));
        drills.push(one(options, drill, &mut audiences, &lab, stack, progress).await);
    }
    Ok(())
}

/// One drill, with each kind of page. What cannot be carried out is a drill that missed its limits: the others still run.
async fn one(
    options: &Options,
    drill: &'static Drill,
    audiences: &mut [Audience],
    lab: &Lab,
    stack: &mut Stack,
    progress: Progress,
) -> DrillReport {
    let mut report = DrillReport { name: drill.name, what: drill.what, met: true, error: None, passes: Vec::new() };
    for audience in audiences {
        let pass = Pass {
            drill,
            timeline: (audience.timeline)(options, drill),
            rate: drill.rate.map_or(audience.rate, |rate| rate.min(audience.rate)),
            site: &audience.site,
            lab,
            stack,
            sessions: &mut audience.sessions,
            progress,
        };
        match pass.run().await {
            Ok(pass) => {
                report.met &= pass.met;
                report.passes.push(pass);
            }
            Err(error) => {
                progress.tell(&format!("{}: not carried out: {error:#}", drill.name));
                report.met = false;
                report.error = Some(format!("{error:#}"));
                break;
            }
        }
    }
    let verdict = if report.met { "met its limits" } else { "MISSED its limits" };
    progress.tell(&format!("{}: {verdict}", drill.name));
    report
}

fn session_timeline(options: &Options, drill: &Drill) -> Timeline {
    match options.quick {
        true => Timeline::of(4, drill.fault_s.map_or(6, |_| 9), 8),
        false => Timeline::of(10, drill.fault_s.unwrap_or(20), 20),
    }
}

fn wordpress_timeline(options: &Options, drill: &Drill) -> Timeline {
    match options.quick {
        true => Timeline::of(2, 4, 4),
        false => Timeline::of(4, drill.fault_s.map_or(10, |_| 15), 6),
    }
}

/// What WordPress can be asked for a second: all carts are filled, then looked at as fast as they come.
async fn wordpress_rate(site: &Site, carts: &mut [Session]) -> Result<f64> {
    let clock = Clock::start();
    let all: Vec<usize> = (0..carts.len()).collect();
    let filled = site.round(carts, &all, true, clock).await;
    if let Some((cause, times)) = filled.causes.iter().next() {
        anyhow::bail!("{times} of {CARTS} carts could not be filled: {cause}");
    }
    let begun = Instant::now();
    site.round(carts, &all, false, clock).await;
    Ok((f64::from(CARTS) / begun.elapsed().as_secs_f64() * WORDPRESS_SHARE).min(WORDPRESS_MOST))
}
