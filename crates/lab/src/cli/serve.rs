//! `serve`: the lab itself.

use std::io::Write;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::ServeArgs;
use crate::door::Door;
use crate::lab::{Config, Lab};
use crate::{control, moto};

/// Runs the lab until a signal stops it.
pub fn run(port: u16, args: ServeArgs) -> Result<()> {
    let moto = match args.no_ssm {
        true => None,
        false => Some(moto::find(args.moto.as_deref())?),
    };
    if let Some(folder) = &args.run_dir {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    let config = Config {
        port,
        regions: args.regions,
        table: args.table,
        hash_key: args.hash_key,
        ttl_attribute: args.ttl,
        parameter: args.parameter,
        lag_ms: args.lag_ms,
        ttl_every: (args.ttl_sweep_secs > 0).then(|| Duration::from_secs(args.ttl_sweep_secs)),
        moto,
        hosts_file: args.hosts_file.or_else(|| args.run_dir.as_ref().map(|folder| folder.join("hosts"))),
        run_dir: args.run_dir,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        // Database calls run on these threads; more than two keep a slow one from holding up the rest.
        .worker_threads(4)
        .enable_all()
        .build()?;
    // On this thread, which lives as long as the process: see `Moto::start`.
    let done = runtime.block_on(serve(config));
    // Sleeping threads and open connections need no farewell.
    runtime.shutdown_background();
    done
}

async fn serve(config: Config) -> Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let port = config.port;
    let listener = TcpListener::bind(("127.0.0.1", port)).await.with_context(|| {
        format!("cannot listen on 127.0.0.1:{port} (control); stop what uses port {port} (another lab?), or choose another --port")
    })?;
    let control = listener.local_addr()?;
    let lab = Lab::open(config)?;
    eprintln!("lab: control on http://{control}");
    for site in lab.sites() {
        for door in Door::ALL {
            let (dynamodb, ssm) = (site.dynamodb.front(door).url(), site.ssm.front(door).url());
            eprintln!("lab: {} DynamoDB on {dynamodb}, SSM on {ssm} ({door})", site.region.name);
        }
    }
    tokio::spawn(control::serve(lab.clone(), listener));
    let life = async {
        lab.start_ssm().await?;
        println!("ready");
        std::io::stdout().flush()?;
        std::future::pending::<Result<()>>().await
    };
    let done = tokio::select! {
        done = life => done,
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
    };
    lab.stop().await;
    done
}
