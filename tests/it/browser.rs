//! A real browser, driven.

use crate::provider::node;
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout},
};

/// Headless Chromium, driven by `tests/counterparts/browser.mjs`.
pub(crate) struct Browser {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Browser {
    pub(crate) fn start() -> Self {
        let mut child = node("browser.mjs").spawn().unwrap();
        let (input, output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Self { child, input, output }
    }

    /// Does a step; what came of it.
    #[track_caller]
    pub(crate) fn step(&mut self, step: &Value) -> Value {
        writeln!(self.input, "{step}").unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        let done: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(done["ok"], json!(true), "{step}: {done}");
        done["value"].clone()
    }

    #[track_caller]
    pub(crate) fn goto(&mut self, url: &str) {
        self.step(&json!({"goto": url}));
    }

    #[track_caller]
    pub(crate) fn fill(&mut self, label: &str, value: &str) {
        self.step(&json!({"fill": {"label": label, "value": value}}));
    }

    #[track_caller]
    pub(crate) fn press(&mut self, role: &str, name: &str) {
        self.step(&json!({"press": {"role": role, "name": name}}));
    }

    pub(crate) fn text(&mut self) -> String {
        self.step(&json!({"text": true})).as_str().unwrap().to_owned()
    }

    pub(crate) fn url(&mut self) -> String {
        self.step(&json!({"url": true})).as_str().unwrap().to_owned()
    }

    /// The page is for everybody (WCAG 2.2 AA), in light and dark, and fits a phone; the browser complains of nothing. Where
    /// `ROSTER_SCREENSHOTS` names a folder, its pictures are put there.
    #[track_caller]
    pub(crate) fn is_well_made(&mut self, page: &str) {
        let found = self.step(&json!({"axe": true, "dark": true}));
        assert_eq!(found, json!([]), "{page}, dark");
        self.picture(page, "dark", &json!({"dark": true}));
        assert_eq!(self.step(&json!({"overflow": true})), json!(0), "{page} is wider than a screen");
        self.picture(page, "light", &json!({}));
        self.step(&json!({"viewport": [360, 740]}));
        let found = self.step(&json!({"axe": true}));
        assert_eq!(found, json!([]), "{page} on a phone");
        assert_eq!(self.step(&json!({"overflow": true})), json!(0), "{page} is wider than a phone");
        self.picture(page, "phone", &json!({}));
        self.step(&json!({"viewport": [1280, 800]}));
        self.complains_of_nothing(page);
    }

    /// No error stands in the browser's console, and nothing was kept from happening by the Content-Security-Policy.
    #[track_caller]
    pub(crate) fn complains_of_nothing(&mut self, page: &str) {
        let messages: Vec<Value> = self.step(&json!({"messages": true})).as_array().unwrap().clone();
        // a page with a refusal has a status that says so
        let odd: Vec<&Value> = messages
            .iter()
            .filter(|it| !it["text"].as_str().unwrap().contains("the server responded with a status of 4"))
            .collect();
        assert!(odd.is_empty(), "{page}: {odd:?}");
    }

    #[expect(clippy::disallowed_methods, reason = "it is no setting of the program's")]
    fn picture(&mut self, page: &str, looks: &str, step: &Value) {
        let Ok(folder) = std::env::var("ROSTER_SCREENSHOTS") else { return };
        let name: String = page.chars().map(|it| if it.is_alphanumeric() { it } else { '-' }).collect();
        let path = Path::new(&folder).join(format!("{name}-{looks}.png"));
        let mut step = step.clone();
        step["screenshot"] = json!(path);
        self.step(&step);
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
