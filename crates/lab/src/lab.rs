//! Start and stop of the whole, and what an operator can do to it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde::Serialize;

use crate::counters::Calls;
use crate::door::Door;
use crate::fault::{Fault, Kind, Service};
use crate::front::Front;
use crate::hosts::HostsFile;
use crate::item::Keys;
use crate::moto::{self, Moto};
use crate::region::{GlobalTables, Region};
use crate::replication::{self, Replication};
use crate::site::{Site, SiteReport};
use crate::ssm::{Parameter, Ssm};

/// How long a client that has just looked a name up may take to connect. Connections are ended only after that when a name goes:
/// one that came later would live on and hide the fault.
const FROM_LOOKUP_TO_CONNECT: Duration = Duration::from_millis(20);

/// What a lab is made of.
#[derive(Debug, Clone)]
pub struct Config {
    /// The base port; 0 lets the system choose every port.
    pub port: u16,
    /// Regions, the first one active at the start.
    pub regions: Vec<String>,
    /// The session table.
    pub table: String,
    /// Its hash key.
    pub hash_key: String,
    /// Its TTL attribute.
    pub ttl_attribute: String,
    /// The parameter that names the active Region.
    pub parameter: String,
    /// Replication lag.
    pub lag_ms: u64,
    /// Time between TTL sweeps; none: only when asked for.
    pub ttl_every: Option<Duration>,
    /// moto_server; none: a lab without SSM.
    pub moto: Option<PathBuf>,
    /// Where moto's log goes.
    pub run_dir: Option<PathBuf>,
    /// The hosts file to keep; none: no names, and no fault `dns`.
    pub hosts_file: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            port: 0,
            regions: vec!["us-east-1".into(), "us-west-2".into()],
            table: "wordpress_sessions".into(),
            hash_key: "session_id".into(),
            ttl_attribute: "expires".into(),
            parameter: "/wordpress/dynamodb_region".into(),
            lag_ms: 50,
            ttl_every: None,
            moto: None,
            run_dir: None,
            hosts_file: None,
        }
    }
}

/// The running lab.
#[derive(Debug)]
pub struct Lab {
    /// What it was made of.
    pub config: Config,
    /// Replication between its Regions.
    pub replication: Arc<Replication>,
    sites: Vec<Site>,
    tables: GlobalTables,
    moto_port: Option<u16>,
    moto: std::sync::OnceLock<Moto>,
    hosts: Option<HostsFile>,
    /// Held while faults change: the hosts file and the fronts must agree.
    striking: tokio::sync::Mutex<()>,
    ready: AtomicBool,
    started: Instant,
}

/// Calls per Region, service and operation.
pub type AllCalls = BTreeMap<String, BTreeMap<&'static str, Calls>>;

/// The state of the lab.
#[derive(Debug, Serialize)]
pub struct Status {
    /// Whether all parts answer.
    pub ready: bool,
    /// The lab's process.
    pub pid: u32,
    /// Since when it runs.
    pub uptime_ms: u128,
    /// The SSM emulator; none before it was started, or without SSM.
    pub moto: Option<MotoReport>,
    /// The hosts file with the doors' names, if there is one.
    pub hosts_file: Option<PathBuf>,
    /// The session table.
    pub table: String,
    /// The parameter's name.
    pub parameter: String,
    /// Replication.
    pub replication: replication::Report,
    /// The Regions by name.
    pub regions: BTreeMap<String, SiteReport>,
    /// Calls so far.
    pub counters: AllCalls,
}

/// moto's state.
#[derive(Debug, Serialize)]
pub struct MotoReport {
    /// Its port.
    pub port: u16,
    /// Its process.
    pub pid: u32,
    /// Whether it runs.
    pub state: moto::State,
}

impl Lab {
    /// Opens all fronts, with the table in every Region; SSM follows in [`Lab::start_ssm`], for moto is slow to start.
    pub fn open(config: Config) -> Result<Arc<Lab>> {
        check(&config)?;
        let moto_port = match (&config.moto, config.port) {
            (None, _) => None,
            (Some(_), 0) => Some(moto::free_port(0)?),
            (Some(_), base) => Some(moto::free_port(base + 1)?),
        };
        let tables = GlobalTables::default();
        let replication = Replication::new(config.lag_ms);
        let mut sites = Vec::new();
        for (index, name) in config.regions.iter().enumerate() {
            let region = Region::new(index, &config.regions, tables.clone(), replication.clone())?;
            let store = Ssm { region: name.clone(), moto: moto_port };
            sites.push(Site::open(region, store, config.port)?);
        }
        let names = sites.iter().flat_map(Site::fronts).map(|front| front.name.as_str());
        let hosts = config.hosts_file.as_deref().map(|path| HostsFile::create(path, names)).transpose()?;
        let regions: Vec<_> = sites.iter().map(|site| site.region.clone()).collect();
        replication.connect(&regions);
        let lab = Arc::new(Lab {
            replication,
            sites,
            tables,
            moto_port,
            moto: std::sync::OnceLock::new(),
            hosts,
            striking: tokio::sync::Mutex::default(),
            ready: AtomicBool::new(false),
            started: Instant::now(),
            config,
        });
        let keys = Keys { hash: lab.config.hash_key.clone(), range: None };
        lab.create_table(&lab.config.table, &keys, &lab.config.ttl_attribute)?;
        if let Some(every) = lab.config.ttl_every {
            tokio::spawn(sweep_regularly(regions, every));
        }
        if lab.config.moto.is_none() {
            lab.ready.store(true, Ordering::Release);
        }
        Ok(lab)
    }

    /// Starts moto and writes the parameter: the first Region, in all Regions. Then the lab is ready.
    pub async fn start_ssm(&self) -> Result<()> {
        let (Some(program), Some(port)) = (&self.config.moto, self.moto_port) else {
            return Ok(());
        };
        eprintln!("lab: starting {} on port {port} (SSM)", program.display());
        let moto = Moto::start(program, port, self.config.run_dir.as_deref()).await?;
        let _ = self.moto.set(moto);
        let first = &self.config.regions[0];
        for site in &self.sites {
            site.store.put(&self.config.parameter, first).await?;
        }
        self.ready.store(true, Ordering::Release);
        Ok(())
    }

    /// Stops the child process. Ports close with the runtime.
    pub async fn stop(&self) {
        if let Some(moto) = self.moto.get() {
            moto.stop().await;
        }
    }

    /// The Regions.
    pub fn sites(&self) -> &[Site] {
        &self.sites
    }

    /// One Region by name.
    pub fn site(&self, name: &str) -> Result<&Site> {
        let known = || self.config.regions.join(", ");
        let site = self.sites.iter().find(|site| site.region.name == name);
        site.with_context(|| format!("there is no Region {name:?} here; the lab has {}", known()))
    }

    /// Creates a table in all Regions, replicated between them.
    pub fn create_table(&self, table: &str, keys: &Keys, ttl_attribute: &str) -> Result<()> {
        for site in &self.sites {
            site.region.create_table(table, keys, ttl_attribute)?;
        }
        let mut tables = self.tables.write().expect("tables");
        tables.insert(table.to_owned(), keys.clone());
        Ok(())
    }

    /// Sets a fault; no service: both, no door: both.
    pub async fn fault(&self, region: &str, service: Option<Service>, door: Option<Door>, fault: Fault) -> Result<()> {
        fault.check().map_err(anyhow::Error::msg)?;
        let meant =
            |front: &&Arc<Front>| service.is_none_or(|service| service == front.service()) && door.is_none_or(|door| door == front.door);
        let fronts: Vec<_> = self.site(region)?.fronts().filter(meant).collect();
        let _striking = self.striking.lock().await;
        let is_dns = fault.kind == Kind::Dns;
        ensure!(
            self.hosts.is_some() || !is_dns,
            "dns needs names, and this lab keeps no hosts file; start it with --hosts-file PATH or --run-dir FOLDER, and let clients have that file as their /etc/hosts"
        );
        if let Some(hosts) = &self.hosts {
            for front in &fronts {
                hosts.set(&front.name, !is_dns)?;
            }
        }
        if is_dns {
            tokio::time::sleep(FROM_LOOKUP_TO_CONNECT).await;
        }
        for front in fronts {
            front.strike(fault).await;
        }
        Ok(())
    }

    /// Writes the parameter as an operator would, or deletes it. Regions not named: all whose SSM answers; named ones are
    /// written whatever fault their front has. Returns the Regions written.
    pub async fn set_parameter(&self, value: Option<&str>, regions: Option<&[String]>) -> Result<Vec<String>> {
        let sites: Vec<&Site> = match regions {
            Some(names) => names.iter().map(|name| self.site(name)).collect::<Result<_>>()?,
            None => {
                let answers = |site: &&Site| matches!(site.ssm.local.fault().kind, Kind::None | Kind::Latency);
                self.sites.iter().filter(answers).collect()
            }
        };
        ensure!(!sites.is_empty(), "SSM answers in no Region; name Regions to write the parameter all the same");
        let name = &self.config.parameter;
        for site in &sites {
            match value {
                Some(value) => site.store.put(name, value).await?,
                None => site.store.delete(name).await?,
            }
        }
        Ok(sites.iter().map(|site| site.region.name.clone()).collect())
    }

    /// Deletes expired items in all Regions; how many there were.
    pub fn sweep_ttl(&self) -> Result<usize> {
        self.sites.iter().map(|site| site.region.sweep_ttl()).sum()
    }

    /// Calls of all fronts; `reset` starts from zero again.
    pub fn counters(&self, reset: bool) -> AllCalls {
        let of_site = |site: &Site| {
            let services = Service::ALL.map(|service| (service.name(), site.doors(service).calls(reset)));
            (site.region.name.clone(), services.into())
        };
        self.sites.iter().map(of_site).collect()
    }

    /// The state of everything.
    pub async fn status(&self) -> Result<Status> {
        let mut regions = BTreeMap::new();
        for site in &self.sites {
            let ready = self.ready.load(Ordering::Acquire) && self.moto_port.is_some();
            let parameter = match ready {
                true => site.store.get(&self.config.parameter).await,
                false => Ok(Parameter::default()),
            };
            let parameter_error = parameter.as_ref().err().map(|error| format!("{error:#}"));
            let report = SiteReport {
                dynamodb: site.dynamodb.report(),
                ssm: site.ssm.report(),
                parameter: parameter.unwrap_or_default(),
                parameter_error,
                items: site.region.count(&self.config.table).unwrap_or(0),
            };
            regions.insert(site.region.name.clone(), report);
        }
        let moto = self.moto.get().map(|moto| MotoReport { port: moto.port, pid: moto.pid, state: moto.state() });
        let moto_runs = moto.as_ref().is_none_or(|moto| moto.state == moto::State::Running);
        Ok(Status {
            ready: self.ready.load(Ordering::Acquire) && moto_runs,
            pid: std::process::id(),
            uptime_ms: self.started.elapsed().as_millis(),
            moto,
            hosts_file: self.hosts.as_ref().map(|hosts| hosts.path().to_owned()),
            table: self.config.table.clone(),
            parameter: self.config.parameter.clone(),
            replication: self.replication.report(&self.config.regions),
            regions,
            counters: self.counters(false),
        })
    }
}

fn check(config: &Config) -> Result<()> {
    let names = &config.regions;
    ensure!(!names.is_empty(), "--regions names no Region");
    ensure!(names.len() <= 4, "--regions names {} Regions; ports are laid out for 4", names.len());
    for (index, name) in names.iter().enumerate() {
        let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || !name.chars().all(is_name) {
            bail!("--regions: {name:?} is not a Region's name");
        }
        ensure!(!names[..index].contains(name), "--regions names {name} twice");
    }
    ensure!(config.port <= 65535 - 60, "--port {} leaves no room for the ports above it; use at most 65475", config.port);
    Ok(())
}

async fn sweep_regularly(regions: Vec<Arc<Region>>, every: Duration) {
    let mut ticks = tokio::time::interval(every);
    loop {
        ticks.tick().await;
        for region in &regions {
            if let Err(error) = region.sweep_ttl() {
                eprintln!("lab: {error:#}");
            }
        }
    }
}
