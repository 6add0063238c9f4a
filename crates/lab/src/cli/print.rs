//! Answers as tables, for people.

use comfy_table::{Table, presets};
use serde_json::Value;

use crate::door::Door;

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(header);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table
}

fn text(table: &Table) -> String {
    table.trim_fmt()
}

fn word(value: &Value) -> String {
    match value {
        Value::Null => "-".into(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The beginning of a value: parameters can have 4 KB.
pub fn short(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}... ({} bytes)", &text[..end], text.len()),
        None => text.to_owned(),
    }
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn fault(fault: &Value) -> String {
    serde_json::from_value::<crate::fault::Fault>(fault.clone()).map_or_else(|_| fault.to_string(), |fault| fault.to_string())
}

/// The whole status.
pub fn status(status: &Value) -> String {
    let moto = match (&status["moto"]["pid"], &status["moto"]["state"]["ended"]) {
        (Value::Null, _) => "not running".to_owned(),
        (_, Value::String(how)) => format!("ENDED: {how}; restart the lab"),
        (pid, _) => format!("pid {pid}, port {}", status["moto"]["port"]),
    };
    let mut regions = table(&["region", "service", "door", "url", "fault", "connections", "holds"]);
    for (name, region) in entries(&status["regions"]) {
        let parameter = match &region["parameter_error"] {
            Value::Null => format!("{} = {}", word(&status["parameter"]), short(&word(&region["parameter"]["value"]))),
            error => word(error),
        };
        let items = format!("{} items in {}", region["items"], word(&status["table"]));
        for (service, holds) in [("dynamodb", items), ("ssm", parameter)] {
            let local = &region[service];
            for (door, front, holds) in [(Door::Local, local, holds.as_str()), (Door::Remote, &local["remote"], "the same")] {
                let connections = format!("{} open, {} so far", front["open"], front["accepted"]);
                let (url, fault) = (word(&front["url"]), fault(&front["fault"]));
                regions.add_row([name.as_str(), service, door.name(), &url, &fault, &connections, holds]);
            }
        }
    }
    let ready = if status["ready"] == true { "ready" } else { "NOT READY" };
    [
        format!("{ready}, pid {}, SSM emulator: {moto}; hosts file: {}", status["pid"], word(&status["hosts_file"])),
        text(&regions),
        replication(&status["replication"]),
        counters(&status["counters"]),
    ]
    .join("\n\n")
}

/// Replication's state on one line.
pub fn replication(report: &Value) -> String {
    let waiting = report["pending"].as_array().into_iter().flatten();
    let waiting: Vec<String> =
        waiting.map(|link| format!("{} -> {}: {}", word(&link["from"]), word(&link["to"]), link["copies"])).collect();
    let state = word(&report["state"]);
    let (lag, applied, superseded) = (&report["lag_ms"], &report["applied"], &report["superseded"]);
    format!("replication: {state}, lag {lag} ms; under way {}; {applied} applied, {superseded} superseded", waiting.join(", "))
}

/// Calls per Region, service and operation.
pub fn counters(counters: &Value) -> String {
    let mut calls = table(&["region", "service", "operation", "calls"]);
    for (region, services) in entries(counters) {
        for (service, operations) in entries(services) {
            for (operation, count) in entries(operations) {
                calls.add_row([region, service, operation, &count.to_string()]);
            }
        }
    }
    if calls.row_count() == 0 {
        return "no calls".into();
    }
    text(&calls)
}
