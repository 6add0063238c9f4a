//! The whole rehearsal: our design, and the usual recipe beside it.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};

use super::controller::moved;
use super::figures::figures;
use super::gate::Gate;
use super::limits::judge;
use super::report::{Outcome, Report, ScenarioReport, Slice, html, text};
use super::scale::{Scale, host_settings, intervals};
use super::scenario::{Design, Loss, Plan, Scenario};
use super::stage::{Played, Stage, socket};
use super::visitors::{Fate, Visit};
use crate::drill::http::Http;
use crate::drill::lab::Lab;
use crate::drill::page::Page;
use crate::drill::progress::Progress;
use crate::drill::run::Ending;
use crate::drill::stack::{self, Stack};

/// The lab's control interface is on the base port; the gates are this far above it.
const GATES: u16 = 55;
/// Health checks come from 16 checkers, and each may take all of its time.
const HEALTH_WORKERS: usize = 8;
/// Visitors of the session page, and their requests a second of the rehearsal.
const SESSIONS: (u32, f64) = (240, 20.0);
/// The same of WordPress.
const CARTS: (u32, f64) = (40, 3.0);
const SLICE_S: f64 = 5.0;

/// What to rehearse, and how.
#[derive(Debug)]
pub struct Options {
    /// How fast.
    pub scale: f64,
    /// The whole story only, and short.
    pub quick: bool,
    /// Also the usual recipe, and ours against each of its losses.
    pub recipe: bool,
    /// The controller's executable.
    pub bootstrap: PathBuf,
    /// The programs.
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

/// Runs it; the table goes to standard output.
///
/// # Errors
/// When it broke off, or the report could not be written.
pub async fn run(options: &Options) -> Result<Ending> {
    let progress = Progress::default();
    let scale = Scale(options.scale);
    let mut scenarios = vec![Scenario { loss: Loss::Region, design: Design::Ours, plan: Plan::whole(options.quick) }];
    if options.recipe {
        let compared = |design| move |loss| Scenario { loss, design, plan: Plan::comparison() };
        scenarios.extend([Loss::Dynamodb, Loss::Site].map(compared(Design::Ours)));
        scenarios.extend(Loss::ALL.map(compared(Design::Recipe)));
    }
    let mut regions = Vec::new();
    let mut reports = Vec::new();
    // Hosts of the two designs have different settings: each has a stack of its own.
    for design in [Design::Ours, Design::Recipe] {
        let of_design: Vec<Scenario> = scenarios.iter().copied().filter(|scenario| scenario.design == design).collect();
        if of_design.is_empty() {
            continue;
        }
        let started = Stack::start(&stack_options(options, design, scale)).await;
        let (mut stack, description) = match started {
            Ok(started) => started,
            Err(error) => {
                progress.tell(&format!("rehearse: the stack could not be started: {error:#}"));
                return Ok(Ending::NotStarted);
            }
        };
        regions = description.hosts.iter().map(|host| host.region.clone()).collect();
        let played = tokio::select! {
            played = all(options, &of_design, scale, &mut stack, &description, progress) => played,
            _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
        };
        stack.stop().await;
        reports.extend(played?);
    }
    let report = Report {
        made_at: SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs(),
        command: options.command.clone(),
        cpus: std::thread::available_parallelism()?.get(),
        scale,
        wordpress: options.stack.wordpress,
        met: reports.iter().all(|scenario| scenario.met),
        regions,
        intervals: intervals(scale, options.quick),
        scenarios: reports,
    };
    match options.print_json {
        true => println!("{}", serde_json::to_string(&report)?),
        false => print!("{}", text::table(&report)),
    }
    let write = |file: &PathBuf, text: String| std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()));
    if let Some(file) = &options.json {
        write(file, serde_json::to_string(&report)?)?;
    }
    if let Some(file) = &options.html {
        write(file, html::page(&report)?)?;
    }
    Ok(if report.met { Ending::Met } else { Ending::Missed })
}

fn stack_options(options: &Options, design: Design, scale: Scale) -> stack::Options {
    let mut more: Vec<String> = host_settings(scale, options.quick).into_iter().flat_map(|setting| ["--ini".to_owned(), setting]).collect();
    more.extend(["--health-workers".to_owned(), HEALTH_WORKERS.to_string()]);
    if design == Design::Recipe {
        more.extend(["--own-parameter", "--ini", "wp_dynamodb.failover=follow"].map(str::to_owned));
    }
    stack::Options { more, ..options.stack.clone() }
}

async fn all(
    options: &Options,
    scenarios: &[Scenario],
    scale: Scale,
    stack: &mut Stack,
    description: &stack::Description,
    progress: Progress,
) -> Result<Vec<ScenarioReport>> {
    let http = Http::default();
    let regions: Vec<String> = description.hosts.iter().map(|host| host.region.clone()).collect();
    let lab = Lab::new(http.clone(), &description.control, regions.clone());
    let base = socket(&description.control)?.port();
    let mut gates = Vec::new();
    for (at, host) in description.hosts.iter().enumerate() {
        gates.push(Gate::open(base + GATES + at as u16, socket(&host.page)?).await?);
    }
    let mut crowds = vec![(Page::Session, SESSIONS.0, SESSIONS.1)];
    if options.stack.wordpress {
        crowds.push((Page::Wordpress, CARTS.0, CARTS.1));
    }
    let mut reports = Vec::new();
    for scenario in scenarios {
        progress.tell(&format!("{} ({:.0} s)", scenario.title(), scale.wall(scenario.plan.ends_s).as_secs_f64()));
        let stage = Stage {
            scenario: *scenario,
            scale,
            http: &http,
            lab: &lab,
            control: &description.control,
            stack,
            hosts: &description.hosts,
            gates: &gates,
            bootstrap: &options.bootstrap,
            crowds: &crowds,
            wordpress: options.stack.wordpress,
        };
        let report = match stage.play().await {
            Ok(played) => report(scenario, &regions, played),
            Err(error) => {
                ScenarioReport { scenario: *scenario, title: scenario.title(), met: false, error: Some(format!("{error:#}")), result: None }
            }
        };
        let verdict = report.error.clone().unwrap_or_else(|| if report.met { "played".into() } else { "MISSED its limits".into() });
        progress.tell(&format!("{}: {verdict}", scenario.title()));
        for check in report.result.iter().flat_map(|result| &result.checks).filter(|check| !check.met) {
            progress.tell(&format!("  {}: {} (limit: {})", check.what, check.measured, check.limit));
        }
        reports.push(report);
    }
    Ok(reports)
}

fn report(scenario: &Scenario, regions: &[String], mut played: Played) -> ScenarioReport {
    let figures = figures(scenario, regions, &played);
    let checks = judge(scenario, &figures);
    played.runs.retain(|run| !moved(run, "stay"));
    let slices = slices(&played.visits, regions.len(), scenario.plan.ends_s);
    ScenarioReport {
        scenario: *scenario,
        title: scenario.title(),
        met: checks.iter().all(|check| check.met),
        error: None,
        result: Some(Outcome { checks, figures, slices, told: played.told, runs: played.runs }),
    }
}

fn slices(visits: &[Visit], regions: usize, ends_s: f64) -> Vec<Slice> {
    let count = (ends_s / SLICE_S).ceil() as usize;
    let mut slices: Vec<Slice> = (0..count).map(|at| Slice { at_s: at as f64 * SLICE_S, good: vec![0; regions], bad: 0 }).collect();
    for visit in visits {
        if let Some(slice) = slices.get_mut((visit.at_s / SLICE_S) as usize) {
            match visit.fate {
                Fate::Good => slice.good[visit.region] += 1,
                Fate::Failed | Fate::Wrong => slice.bad += 1,
            }
        }
    }
    slices
}
