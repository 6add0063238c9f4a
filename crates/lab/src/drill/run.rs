//! All drills asked for, one after the other, and their report.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
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
    /// Print the report as JSON instead of the table.
    pub print_json: bool,
    /// Where the report goes as JSON.
    pub json: Option<PathBuf>,
    /// Where the report goes as HTML.
    pub html: Option<PathBuf>,
    /// The command, for the report.
    pub command: String,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// All drills met their limits.
    Met,
    /// Some did not.
    Missed,
    /// The stack could not be started.
    NotStarted,
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
    let (stack, description) = match Stack::start(&options.stack).await {
        Ok(started) => started,
        Err(error) => {
            progress.tell(&format!("drill: the stack could not be started: {error:#}"));
            return Ok(Ending::NotStarted);
        }
    };
    let mut stack = stack;
    let report = tokio::select! {
        report = all(options, &mut stack, &description, progress) => report,
        _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
    };
    stack.stop().await;
    let report = report?;
    match options.print_json {
        true => println!("{}", serde_json::to_string(&report)?),
        false => print!("{}", text::table(&report)),
    }
    if let Some(file) = &options.json {
        write(file, &serde_json::to_string(&report)?)?;
    }
    if let Some(file) = &options.html {
        write(file, &html::page(&report)?)?;
    }
    Ok(if report.met { Ending::Met } else { Ending::Missed })
}

fn write(file: &PathBuf, text: &str) -> Result<()> {
    std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}

async fn all(options: &Options, stack: &mut Stack, description: &stack::Description, progress: Progress) -> Result<Report> {
    let http = Http::default();
    let regions: Vec<String> = description.hosts.iter().map(|host| host.region.clone()).collect();
    let lab = Lab::new(http.clone(), &description.control, regions.clone());
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
    let mut drills = Vec::new();
    for drill in &options.drills {
        progress.tell(&format!("{}: {}", drill.name, drill.what));
        drills.push(one(options, drill, &mut audiences, &lab, stack, progress).await);
    }
    Ok(Report {
        made_at: SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs(),
        command: options.command.clone(),
        machine: Machine { cpus: std::thread::available_parallelism()?.get(), workers_per_host: options.stack.workers },
        met: drills.iter().all(|drill| drill.met),
        regions,
        drills,
    })
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
