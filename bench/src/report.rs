//! Runs the scenarios, sets each figure beside its baseline, and writes the results file.
//!
//! It must never round a miss into a hit: a row that misses what is owed says so.

use crate::load::Outcome;
use crate::scenarios::Measured;
use crate::{baseline, connector, fanout, machine, scenarios, webhooks};
use anyhow::{Result, bail};
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

/// One line of the results.
struct Row {
    what: String,
    found: String,
    owed: String,
    met: Option<bool>,
}

/// The figures that ratios are made of.
struct Baselines {
    ingest: f64,
    client: f64,
}

/// Runs everything and writes the file.
pub async fn all(binary: &Path, results: &Path, seconds: u64) -> Result<()> {
    let time = Duration::from_secs(seconds);
    let (base, mut rows) = measure_baselines(time).await?;
    for scenario in ["ingest", "socket", "new", "outbound", "send", "webhooks", "fanout", "sockets", "memory", "start"] {
        match measure(scenario, binary, time, &base).await {
            Ok(more) => rows.extend(more),
            Err(error) => rows.push(Row {
                what: scenario.into(),
                found: format!("could not be measured: {error:#}").replace(['\n', '|'], " "),
                owed: String::new(),
                met: Some(false),
            }),
        }
    }
    let size = std::fs::metadata(binary)?.len() as f64 / 1e6;
    rows.push(Row {
        what: "release binary with the web workspace".into(),
        found: format!("{size:.1} MB"),
        owed: "≤ 60 MB".into(),
        met: Some(size <= 60.0),
    });
    let text = render(&rows, seconds);
    print!("{text}");
    std::fs::write(results, &text)?;
    println!("written to {}", results.display());
    Ok(())
}

/// Measures one scenario and prints it.
pub async fn one(scenario: &str, binary: &Path, seconds: u64) -> Result<()> {
    let time = Duration::from_secs(seconds);
    let (base, mut rows) = measure_baselines(time).await?;
    rows.extend(measure(scenario, binary, time, &base).await?);
    print!("{}", table(&rows));
    Ok(())
}

/// Measures the baselines and prints them.
pub async fn baselines(seconds: u64) -> Result<()> {
    print!("{}", table(&measure_baselines(Duration::from_secs(seconds)).await?.1));
    Ok(())
}

async fn measure_baselines(time: Duration) -> Result<(Baselines, Vec<Row>)> {
    let mut rows = Vec::new();
    let mut ingest = 0.0;
    for connections in [1, 16, 64, 256] {
        let outcome = baseline::ingest_rate(connections, time).await?;
        rows.push(plain(
            format!("baseline *ingest*, {connections} connections"),
            format!("{:.0}/s, p50 {:.2} ms, p99 {:.2} ms", outcome.rate, outcome.histogram.quantile(0.5), outcome.histogram.quantile(0.99)),
        ));
        if connections == 64 {
            ingest = outcome.rate;
        }
    }
    let client = baseline::client_rate(64, time).await?;
    rows.push(plain("baseline *client*, 64 in flight".into(), format!("{client:.0}/s")));
    Ok((Baselines { ingest, client }, rows))
}

async fn measure(scenario: &str, binary: &Path, time: Duration, base: &Baselines) -> Result<Vec<Row>> {
    eprintln!("measuring {scenario} …");
    Ok(match scenario {
        "ingest" => {
            let mut rows = Vec::new();
            for connections in [1, 16, 64, 256] {
                let measured = scenarios::ingest(binary, connections, time).await?;
                let (outcome, figures) = (&measured.found, rate_and_cost(&measured));
                let what = format!("signed webhooks, {} conversations, {connections} connections", scenarios::CONVERSATIONS);
                rows.push(if connections == 64 {
                    ratio(what, figures, outcome.rate, base.ingest, "ingest", 0.25)
                } else {
                    plain(what, figures)
                });
            }
            rows
        }
        "socket" => {
            let histogram = scenarios::latency(binary, 1_000, time).await?;
            let (p50, p99) = (histogram.quantile(0.5), histogram.quantile(0.99));
            vec![Row {
                what: "1,000/s open loop: webhook sent to event on the agent's socket".into(),
                found: format!("p50 {p50:.2} ms, p99 {p99:.2} ms, longest {:.1} ms, {} events", histogram.most(), histogram.count()),
                owed: "p50 ≤ 2 ms, p99 ≤ 20 ms".into(),
                met: Some(p50 <= 2.0 && p99 <= 20.0),
            }]
        }
        "new" => {
            let measured = scenarios::new_conversations(binary, time).await?;
            let figures = rate_and_cost(&measured);
            vec![ratio("new conversations, 64 connections".into(), figures, measured.found.rate, base.ingest, "ingest", 0.08)]
        }
        "outbound" => {
            let Measured { found: (delivered, published), each_us } = scenarios::outbound(binary, time).await?;
            vec![ratio(
                "outbound deliveries, 64 agents answering in 4 conversations each".into(),
                format!("{delivered:.0}/s (published {published:.0}/s), {each_us:.0} µs of processor each"),
                delivered,
                base.client,
                "client",
                0.1,
            )]
        }
        "send" => {
            let outcome = connector::sends(binary, 64, time).await?;
            let (p50, p99) = (outcome.histogram.quantile(0.5), outcome.histogram.quantile(0.99));
            let figures = format!("{:.0}/s, p50 {p50:.2} ms, p99 {p99:.2} ms", outcome.rate);
            let what = format!("messages over the Send API, {} conversations, 64 connections", scenarios::CONVERSATIONS);
            vec![ratio(what, figures, outcome.rate, base.ingest, "ingest", 0.25)]
        }
        "fanout" => {
            let found = fanout::measure(binary, 100, time).await?;
            let (p50, p99) = (found.last.quantile(0.5), found.last.quantile(0.99));
            let what = "one conversation read on 100 sockets; at 50 messages/s, until the last has it".into();
            vec![plain(what, format!("{:.0} frames/s; p50 {p50:.2} ms, p99 {p99:.2} ms", found.frames))]
        }
        "webhooks" => {
            let mut rows = Vec::new();
            for apps in [1, 100] {
                let rate = webhooks::delivered(binary, apps, time).await?;
                let what = format!("signed webhooks delivered to apps, {apps} endpoint{}", if apps == 1 { "" } else { "s" });
                rows.push(ratio(what, format!("{rate:.0}/s"), rate, base.client, "client", 0.1));
            }
            rows
        }
        "sockets" => {
            let each = scenarios::idle_sockets(binary, 10_000).await? / 1024.0;
            vec![Row {
                what: "10,000 idle agent sockets".into(),
                found: format!("{each:.1} KiB each"),
                owed: "≤ 16 KiB each".into(),
                met: Some(each <= 16.0),
            }]
        }
        "memory" => {
            let laden = scenarios::laden(binary, 100_000).await?;
            let (memory, restarted) = (laden.memory as f64 / 1e6, laden.restarted_memory as f64 / 1e6);
            vec![
                Row {
                    what: "memory, 100,000 open conversations".into(),
                    found: format!("{memory:.0} MB; {restarted:.0} MB after a restart"),
                    owed: "≤ 600 MB".into(),
                    met: Some(memory.max(restarted) <= 600.0),
                },
                plain("start to ready, 100,000 open conversations".into(), format!("{:.2} s", laden.start.as_secs_f64())),
            ]
        }
        "start" => {
            let starts = scenarios::starts(binary).await?;
            let (empty, killed, memory) = (starts.empty.as_secs_f64(), starts.after_kill.as_secs_f64(), starts.idle_memory as f64 / 1e6);
            vec![
                Row {
                    what: "start to ready, empty folder".into(),
                    found: format!("{empty:.2} s"),
                    owed: "≤ 0.3 s".into(),
                    met: Some(empty <= 0.3),
                },
                Row {
                    what: "start to ready after SIGKILL under load".into(),
                    found: format!("{killed:.2} s"),
                    owed: "≤ 2 s".into(),
                    met: Some(killed <= 2.0),
                },
                Row { what: "memory, idle".into(), found: format!("{memory:.0} MB"), owed: "≤ 60 MB".into(), met: Some(memory <= 60.0) },
            ]
        }
        _ => bail!("no scenario `{scenario}`: there are ingest, socket, new, outbound, send, webhooks, fanout, sockets, memory, start"),
    })
}

/// A closed loop's figures: how many, how fast, and what each cost the server.
fn rate_and_cost(measured: &Measured<Outcome>) -> String {
    let Measured { found: Outcome { rate, histogram }, each_us } = measured;
    let (p50, p99) = (histogram.quantile(0.5), histogram.quantile(0.99));
    format!("{rate:.0}/s, p50 {p50:.2} ms, p99 {p99:.2} ms, {each_us:.0} µs of processor each")
}

fn plain(what: String, found: String) -> Row {
    Row { what, found, owed: String::new(), met: None }
}

fn ratio(what: String, figures: String, rate: f64, base: f64, name: &str, owed: f64) -> Row {
    let share = rate / base.max(1.0);
    Row { what, found: format!("{figures} = {share:.2} of {name}"), owed: format!("≥ {owed} of {name}"), met: Some(share >= owed) }
}

fn table(rows: &[Row]) -> String {
    let mut text = String::from("| what | measured | owed | met |\n|------|----------|------|-----|\n");
    for row in rows {
        let met = match row.met {
            Some(true) => "yes",
            Some(false) => "**no**",
            None => "",
        };
        let _ = writeln!(text, "| {} | {} | {} | {met} |", row.what, row.found, row.owed);
    }
    text
}

fn render(rows: &[Row], seconds: u64) -> String {
    format!(
        "# Results of `make bench`\n\nMachine: {}. The load generator runs on the same cores. {seconds} s for each round, release build.\n\
         Ratios count: absolute figures depend on the hour. What is owed is what the product promises; see `ARCHITECTURE.md`.\n\n{}",
        machine::describe(),
        table(rows)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_miss_is_shown_as_a_miss() {
        let hit = ratio("a".into(), "50/s".into(), 50.0, 100.0, "ingest", 0.25);
        let miss = ratio("b".into(), "24/s".into(), 24.0, 100.0, "ingest", 0.25);
        let text = table(&[hit, miss]);
        assert!(text.contains("| a | 50/s = 0.50 of ingest | ≥ 0.25 of ingest | yes |"), "{text}");
        assert!(text.contains("| b | 24/s = 0.24 of ingest | ≥ 0.25 of ingest | **no** |"), "{text}");
    }
}
