//! The whole rehearsal: our design, and the usual recipe beside it.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;

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
use crate::drill::stack::{self, Stack};
use crate::trial::check::{Check, all_met};
use crate::trial::{Ending, Interrupted, Reports, unless_interrupted};

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
    /// Where the report goes.
    pub reports: Reports,
}

/// Runs it; the table goes to standard output. What was measured before it broke off is reported, too.
///
/// # Errors
/// When the report could not be written.
pub async fn run(options: &Options) -> Result<Ending> {
    let progress = Progress::default();
    let scale = Scale(options.scale);
    let scenarios = scenarios(options);
    let (mut regions, mut reports) = (Vec::new(), Vec::new());
    let mut broke_off = None;
    // Hosts of the two designs have different settings: each has a stack of its own.
    for design in [Design::Ours, Design::Recipe] {
        let of_design: Vec<Scenario> = scenarios.iter().copied().filter(|scenario| scenario.design == design).collect();
        if of_design.is_empty() {
            continue;
        }
        let (mut stack, description) = match unless_interrupted(Stack::start(&stack_options(options, design, scale))).await {
            Ok(started) => started,
            Err(error) => {
                let name = design.name();
                broke_off = Some(match error.is::<Interrupted>() {
                    true => (Ending::BrokeOff, error.to_string()),
                    false => (Ending::NotStarted, format!("the stack could not be started ({name}): {error:#}")),
                });
                break;
            }
        };
        regions = description.hosts.iter().map(|host| host.region.clone()).collect();
        let played = unless_interrupted(all(options, &of_design, scale, &mut stack, &description, &mut reports, progress)).await;
        stack.stop().await;
        if let Err(error) = played {
            broke_off = Some((Ending::BrokeOff, format!("{error:#}")));
            break;
        }
    }
    if let Some((ending, why)) = &broke_off {
        progress.tell(&format!("rehearse: broke off: {why}"));
        if reports.is_empty() {
            return Ok(*ending);
        }
    }
    let report = Report {
        made_at: SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs(),
        command: options.reports.command.clone(),
        cpus: std::thread::available_parallelism()?.get(),
        scale,
        wordpress: options.stack.wordpress,
        met: broke_off.is_none() && reports.iter().all(|scenario| scenario.met),
        broke_off: broke_off.as_ref().map(|(_, why)| why.clone()),
        regions,
        intervals: intervals(scale, options.quick),
        scenarios: reports,
    };
    options.reports.give(&report, text::table, html::page)?;
    Ok(match broke_off {
        Some((ending, _)) => ending,
        None if report.met => Ending::Met,
        None => Ending::Missed,
    })
}

/// What is played. Short comparisons are of the loss that the recipe does not see.
fn scenarios(options: &Options) -> Vec<Scenario> {
    let compared = |design| move |loss| Scenario { loss, design, plan: Plan::comparison(options.quick) };
    let whole = Scenario { loss: Loss::Region, design: Design::Ours, plan: Plan::whole(options.quick) };
    match (options.recipe, options.quick) {
        (false, _) => vec![whole],
        (true, true) => [Design::Ours, Design::Recipe].map(|design| compared(design)(Loss::Dynamodb)).to_vec(),
        (true, false) => {
            let ours = [Loss::Dynamodb, Loss::Site].map(compared(Design::Ours));
            [whole].into_iter().chain(ours).chain(Loss::ALL.map(compared(Design::Recipe))).collect()
        }
    }
}

fn stack_options(options: &Options, design: Design, scale: Scale) -> stack::Options {
    let mut more: Vec<String> = host_settings(scale, options.quick).into_iter().flat_map(|setting| ["--ini".to_owned(), setting]).collect();
    more.extend(["--health-workers".to_owned(), HEALTH_WORKERS.to_string()]);
    if design == Design::Recipe {
        more.extend(["--own-parameter", "--ini", "wp_dynamodb.failover=follow"].map(str::to_owned));
    }
    stack::Options { more, ..options.stack.clone() }
}

/// Plays scenarios on one stack; `reports` has those that have ended.
async fn all(
    options: &Options,
    scenarios: &[Scenario],
    scale: Scale,
    stack: &mut Stack,
    description: &stack::Description,
    reports: &mut Vec<ScenarioReport>,
    progress: Progress,
) -> Result<()> {
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
    for (at, scenario) in scenarios.iter().enumerate() {
        let (number, takes_s) = (at + 1, scale.wall(scenario.plan.ends_s).as_secs_f64());
        progress.tell(&format!("{} ({number} of {} with these hosts; {takes_s:.0} s)", scenario.title(), scenarios.len()));
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
            progress,
        };
        let report = match stage.play().await {
            Ok(played) => report(scenario, &regions, played),
            Err(error) => {
                ScenarioReport { scenario: *scenario, title: scenario.title(), met: false, error: Some(format!("{error:#}")), result: None }
            }
        };
        let verdict = report.error.clone().unwrap_or_else(|| if report.met { "played".into() } else { "MISSED its limits".into() });
        progress.tell(&format!("{}: {verdict}", scenario.title()));
        for check in report.result.iter().flat_map(|result| &result.checks).filter(|check| Check::is_missed(check)) {
            progress.tell(&format!("  {}: {} (limit: {})", check.what, check.measured, check.limit));
        }
        reports.push(report);
    }
    Ok(())
}

fn report(scenario: &Scenario, regions: &[String], mut played: Played) -> ScenarioReport {
    let figures = figures(scenario, regions, &played);
    let checks = judge(scenario, &figures);
    played.runs.retain(|run| !moved(run, "stay"));
    let slices = slices(&played.visits, regions.len(), scenario.plan.ends_s);
    ScenarioReport {
        scenario: *scenario,
        title: scenario.title(),
        met: all_met(&checks),
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
