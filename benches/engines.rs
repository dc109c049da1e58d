//! The same requests on SQLite and on PostgreSQL, side by side, through HTTP.
//!
//! `tests/cluster with fsync=on synchronous_commit=on full_page_writes=on cargo bench --bench engines` fills both with
//! the same people and measures, one request after the other: reading a user, `userName eq`, adding a member to a
//! group. CPU is that of the program, and for PostgreSQL that of all processes named postgres besides.

use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

const TOKEN: &str = "a-token-for-benchmarks-long-enough";
const PEOPLE: usize = 10_000;
const CLIENTS: usize = 16;
const REQUESTS: usize = 2_000;
/// A tick of the kernel's clock for CPU time.
const TICK: Duration = Duration::from_millis(10);

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> Outcome<()> {
    #[expect(clippy::disallowed_methods, reason = "the tests' own variable")]
    let server = std::env::var("ROSTER_TEST_POSTGRES");
    let server = server.map_err(|_| "run it with `tests/cluster with … cargo bench --bench engines`")?;
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("roster.db").to_string_lossy().into_owned();
    let mut out = std::io::stdout();
    writeln!(
        out,
        "{:<12}{:<18}{:>10}{:>10}{:>14}{:>14}",
        "engine", "request", "median", "p99", "CPU program", "CPU postgres"
    )?;
    for (engine, setting) in [("SQLite", file), ("PostgreSQL", server)] {
        let roster = Roster::start(&setting)?;
        let ids = roster.fill()?;
        let (group, _) = roster.send("POST", "/Groups", Some(&group()))?;
        let group = id_of(&group)?;
        let add = |n: usize| {
            let member = json!([{"op": "add", "path": "members", "value": [{"value": ids.get(n)}]}]);
            let body = json!({
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": member
            });
            roster.send("PATCH", &format!("/Groups/{group}?attributes=id"), Some(&body))
        };
        let get = |n: usize| roster.send("GET", &format!("/Users/{}", at(&ids, n * 31 % PEOPLE)), None);
        let find = |n: usize| {
            let filter = format!("userName%20eq%20%22person-{}%40example.com%22", n * 31 % PEOPLE);
            roster.send("GET", &format!("/Users?filter={filter}"), None)
        };
        let requests: [(&str, Request<'_>); 3] =
            [("GET user", &get), ("userName eq", &find), ("add a member", &add)];
        for (name, request) in requests {
            let measured = measure(&roster, request)?;
            writeln!(
                out,
                "{engine:<12}{name:<18}{:>7} µs{:>7} µs{:>11} µs{:>11} µs",
                measured.median.as_micros(),
                measured.p99.as_micros(),
                measured.program.as_micros(),
                measured.postgres.as_micros()
            )?;
        }
    }
    Ok(())
}

/// One of many requests, by its number: what it answered, and after how long.
type Request<'r> = &'r dyn Fn(usize) -> Outcome<(Value, Duration)>;

fn id_of(resource: &Value) -> Outcome<String> {
    Ok(resource.get("id").and_then(Value::as_str).ok_or("no id")?.to_owned())
}

fn group() -> Value {
    json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Crew"})
}

fn at(ids: &[String], n: usize) -> &str {
    ids.get(n).map(String::as_str).unwrap_or_default()
}

struct Measured {
    median: Duration,
    p99: Duration,
    /// CPU a request.
    program: Duration,
    postgres: Duration,
}

fn measure(roster: &Roster, request: Request<'_>) -> Outcome<Measured> {
    let (program, postgres) = (cpu_of(roster.child.id())?, cpu_of_postgres()?);
    let mut took = Vec::with_capacity(REQUESTS);
    for n in 0..REQUESTS {
        took.push(request(n)?.1);
    }
    took.sort();
    let each = |spent: Duration| spent / u32::try_from(REQUESTS).unwrap_or(1);
    Ok(Measured {
        median: took.get(REQUESTS / 2).copied().unwrap_or_default(),
        p99: took.get(REQUESTS * 99 / 100).copied().unwrap_or_default(),
        program: each(cpu_of(roster.child.id())?.saturating_sub(program)),
        postgres: each(cpu_of_postgres()?.saturating_sub(postgres)),
    })
}

/// The program on a database, and a client of it.
struct Roster {
    child: Child,
    root: String,
    agent: ureq::Agent,
}

impl Roster {
    fn start(database: &str) -> Outcome<Self> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_roster"))
            .args(["serve", "--listen", "127.0.0.1:0", "--database", database])
            .env("ROSTER_SCIM_TOKEN", TOKEN)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        let root = line.trim().strip_prefix("listening on ").ok_or("it does not listen")?.to_owned();
        let agent = ureq::Agent::config_builder().allow_non_standard_methods(true).build().into();
        Ok(Self { child, root, agent })
    }

    fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Outcome<(Value, Duration)> {
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}/scim/v2{path}", self.root))
            .header("Authorization", format!("Bearer {TOKEN}"))
            .header("Content-Type", "application/scim+json");
        let request = request.body(body.map(Value::to_string).unwrap_or_default())?;
        let began = Instant::now();
        let mut response = self.agent.run(request)?;
        let bytes = response.body_mut().read_to_vec()?;
        Ok((serde_json::from_slice(&bytes)?, began.elapsed()))
    }

    /// Creates the people, many at a time; answers their ids.
    fn fill(&self) -> Outcome<Vec<String>> {
        let create = |n: usize| -> Outcome<String> {
            let body = json!({
                "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
                "userName": format!("person-{n}@example.com"),
                "externalId": format!("external-{n}"),
                "name": {"givenName": "Ada", "familyName": format!("Lovelace {n}")},
                "emails": [{"value": format!("person-{n}@example.com"), "type": "work", "primary": true}],
            });
            let (made, _) = self.send("POST", "/Users", Some(&body))?;
            id_of(&made)
        };
        let parts: Vec<Outcome<Vec<String>>> = thread::scope(|scope| {
            let clients: Vec<_> = (0..CLIENTS)
                .map(|first| scope.spawn(move || (first..PEOPLE).step_by(CLIENTS).map(create).collect()))
                .collect();
            clients
                .into_iter()
                .map(|client| client.join().unwrap_or_else(|_| Err("a client failed".into())))
                .collect()
        });
        let mut ids = Vec::with_capacity(PEOPLE);
        for part in parts {
            ids.extend(part?);
        }
        Ok(ids)
    }
}

impl Drop for Roster {
    fn drop(&mut self) {
        // it has nothing to finish
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The CPU time a process has used.
fn cpu_of(pid: u32) -> Outcome<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let (_, fields) = stat.rsplit_once(") ").ok_or("an unknown form of /proc")?;
    let ticks: u32 = fields.split(' ').skip(11).take(2).filter_map(|field| field.parse::<u32>().ok()).sum();
    Ok(TICK * ticks)
}

fn cpu_of_postgres() -> Outcome<Duration> {
    let mut all = Duration::ZERO;
    for entry in fs::read_dir("/proc")? {
        let Ok(pid) = entry?.file_name().to_string_lossy().parse::<u32>() else { continue };
        let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        if name.trim() == "postgres" {
            // it may have ended by now
            all += cpu_of(pid).unwrap_or_default();
        }
    }
    Ok(all)
}
