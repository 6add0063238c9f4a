//! The client commands.

use std::io::Read;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use serde_json::{Value, json};

use super::{Command, ItemArgs, ItemCommand, ItemOptions, ReplicationCommand, ServiceArg, print};

/// Runs a client command.
pub fn run(port: u16, as_json: bool, command: Command) -> Result<()> {
    let lab = Client::new(port);
    let (answer, line) = match command {
        Command::Serve(_) | Command::Drill(_) | Command::Rehearse(_) | Command::Lambda(_) | Command::Alarm(_) => {
            unreachable!("no client commands")
        }
        Command::Status => {
            let status = lab.get("status")?;
            let text = print::status(&status);
            (status, text)
        }
        Command::Wait { timeout } => (lab.wait(Duration::from_secs(timeout))?, "ready".into()),
        Command::Fault { region, service, kind, from, ms, rate } => {
            let service = service.name();
            let fault = json!({"region": region, "service": service, "kind": kind, "from": from, "ms": ms, "rate": rate});
            let door = from.map(|door| format!(", {door} door")).unwrap_or_default();
            (lab.post("fault", fault)?, format!("{region} {service}{door}: {kind}"))
        }
        Command::Region { region, regions } => {
            let status = lab.get("status")?;
            if status["regions"].get(&region).is_none() {
                bail!("the lab has no Region {region:?}; write any other value with `parameter`");
            }
            lab.set_parameter(Some(region), regions)?
        }
        Command::Parameter { value, regions, .. } => lab.set_parameter(value, regions)?,
        Command::Replication(command) => {
            let set = match command {
                ReplicationCommand::Lag { ms } => json!({"lag_ms": ms}),
                ReplicationCommand::Pause => json!({"state": "pause"}),
                ReplicationCommand::Partition => json!({"state": "partition"}),
                ReplicationCommand::Resume | ReplicationCommand::Heal => json!({"state": "run"}),
                ReplicationCommand::Settle => json!({"settle": true}),
            };
            let report = lab.post("replication", set)?;
            let line = print::replication(&report);
            (report, line)
        }
        Command::Counters { reset, region, service } => {
            let all = match reset {
                true => lab.post("counters/reset", json!({}))?,
                false => lab.get("counters")?,
            };
            let service = service.filter(|service| *service != ServiceArg::All);
            let some = select(all, region.as_deref(), service.map(ServiceArg::name))?;
            let text = print::counters(&some);
            (some, text)
        }
        Command::Dump { region, table } => {
            let query = table.map(|table| format!("?table={table}")).unwrap_or_default();
            print!("{}", lab.text("GET", &format!("dump/{region}{query}"), None)?);
            return Ok(());
        }
        Command::Item(command) => lab.item(command)?,
        Command::Table { name, hash_key, range_key, ttl } => {
            let create = json!({"table": name, "hash_key": hash_key, "range_key": range_key, "ttl_attribute": ttl});
            (lab.post("table", create)?, format!("table {name}, in all Regions"))
        }
        Command::Sweep => {
            let swept = lab.post("ttl/sweep", json!({}))?;
            let line = format!("{} expired items deleted", swept["deleted"]);
            (swept, line)
        }
    };
    match as_json {
        true => println!("{answer}"),
        false => println!("{line}"),
    }
    Ok(())
}

/// Keeps one Region and one service of the counters, when asked to.
fn select(all: Value, region: Option<&str>, service: Option<&str>) -> Result<Value> {
    let Value::Object(mut all) = all else {
        bail!("the lab answered no counters");
    };
    if let Some(region) = region {
        if !all.contains_key(region) {
            bail!("the lab has no Region {region:?}");
        }
        all.retain(|name, _| name == region);
    }
    if let Some(service) = service {
        for services in all.values_mut().filter_map(Value::as_object_mut) {
            services.retain(|name, _| name == service);
        }
    }
    Ok(all.into())
}

struct Client {
    port: u16,
    agent: ureq::Agent,
}

impl Client {
    fn new(port: u16) -> Self {
        let agent = ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build();
        Client { port, agent: agent.into() }
    }

    fn get(&self, path: &str) -> Result<Value> {
        Ok(serde_json::from_str(&self.text("GET", path, None)?)?)
    }

    fn post(&self, path: &str, body: Value) -> Result<Value> {
        Ok(serde_json::from_str(&self.text("POST", path, Some(body))?)?)
    }

    /// One command; errors of the lab are given in its words.
    fn text(&self, method: &str, path: &str, body: Option<Value>) -> Result<String> {
        let url = format!("http://127.0.0.1:{}/{path}", self.port);
        let sent = match (method, body) {
            ("POST", Some(body)) => self.agent.post(&url).send_json(body),
            _ => self.agent.get(&url).call(),
        };
        let mut response = sent.map_err(|error| {
            anyhow!("no lab answers on port {} ({error}); start it with `wp-dynamodb-lab serve`, or name its --port", self.port)
        })?;
        let status = response.status().as_u16();
        let text = response.body_mut().with_config().limit(u64::MAX).read_to_string()?;
        if status == 200 {
            return Ok(text);
        }
        let error = serde_json::from_str::<Value>(&text).unwrap_or_default();
        bail!("{}", error["error"].as_str().unwrap_or(&text))
    }

    /// Asks until the lab is ready: it may not have opened its port yet, so there is nothing to wait on.
    fn wait(&self, timeout: Duration) -> Result<Value> {
        let deadline = Instant::now() + timeout;
        loop {
            let last = match self.get("status") {
                Ok(status) if status["ready"] == json!(true) => return Ok(status),
                Ok(status) => match status["moto"]["state"]["ended"].as_str() {
                    Some(how) => bail!("the lab will not get ready: moto_server ended ({how})"),
                    None => "moto_server (SSM) is still starting".to_owned(),
                },
                Err(error) => format!("{error:#}"),
            };
            if Instant::now() >= deadline {
                bail!("the lab is not ready after {} s: {last}", timeout.as_secs());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn set_parameter(&self, value: Option<String>, regions: Option<Vec<String>>) -> Result<(Value, String)> {
        let written = self.post("parameter", json!({"value": value, "regions": regions}))?;
        let regions: Vec<&str> = written["regions"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let what = value.map_or("deleted".to_owned(), |value| format!("= {}", print::short(&value)));
        let name = written["parameter"].as_str().unwrap_or_default();
        let line = format!("{name} {what} in {}", regions.join(", "));
        Ok((written, line))
    }

    fn item(&self, command: ItemCommand) -> Result<(Value, String)> {
        let (region, action, key, item, options) = match command {
            ItemCommand::Get(args) => on_key(args, "get")?,
            ItemCommand::Delete(args) => on_key(args, "delete")?,
            ItemCommand::Put { region, options } => {
                let mut text = String::new();
                std::io::stdin().read_to_string(&mut text)?;
                let item: Value = serde_json::from_str(&text).context("standard input is not an item in DynamoDB JSON")?;
                (region, "put", None, Some(item), options)
            }
        };
        let ItemOptions { table, local } = options;
        let request = json!({"table": table, "key": key, "item": item, "local": local});
        let mut answer = self.post(&format!("item/{region}/{action}"), request)?;
        match action {
            "get" if answer["item"].is_null() => bail!("there is no such item in {region}"),
            "get" => {
                let item = answer["item"].take();
                let text = item.to_string();
                Ok((item, text))
            }
            _ => Ok((answer, "done".into())),
        }
    }
}

type OnItem = (String, &'static str, Option<Value>, Option<Value>, ItemOptions);

fn on_key(args: ItemArgs, action: &'static str) -> Result<OnItem> {
    let key = match args.key.starts_with('{') {
        true => serde_json::from_str(&args.key).context("the key is not DynamoDB JSON")?,
        false => json!({"session_id": {"S": args.key}}),
    };
    Ok((args.region, action, Some(key), None, args.options))
}
