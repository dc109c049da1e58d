//! Oracles: what the server answers beside what simple, slow functions say that it must.
//!
//! An oracle shares no code with the engine: it has its own table of attributes, works on plain JSON as the server
//! answers it, and is written from the RFCs and the documented rules. Every run draws a new seed and prints it;
//! `ROSTER_ORACLE_SEED` repeats a run, `ROSTER_ORACLE_TIMES` makes it so many times as long. What fails is made
//! smaller first, against the same data, and printed as the request to send.

mod attributes;
mod characteristics;
mod filter;
mod filter_text;
mod operations;
mod patch;
mod patch_members;
mod patch_values;
mod patches;
mod population;
mod world;

use proptest::{
    strategy::Strategy,
    test_runner::{Config, RngAlgorithm, TestCaseResult, TestError, TestRng, TestRunner},
};
use std::{
    cell::Cell,
    collections::hash_map::RandomState,
    fmt::Debug,
    hash::BuildHasher,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Instant,
};

/// How many batches are tried at a time.
const WORKERS: usize = 4;

/// A number from the environment.
pub(crate) fn number(name: &str) -> Option<u64> {
    #[expect(clippy::disallowed_methods, reason = "it steers the tests, not the program")]
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} must be a number, found {text}")))
}

/// How often a property is tried: batches of so many trials, each batch with data of its own.
struct Run {
    name: &'static str,
    seed: u64,
    batches: usize,
    trials: u32,
}

impl Run {
    /// A run of so many batches, or of a multiple of them.
    fn new(name: &'static str, batches: usize, trials: u32) -> Self {
        let seed = number("ROSTER_ORACLE_SEED").unwrap_or_else(|| RandomState::new().hash_one(name));
        let times = usize::try_from(number("ROSTER_ORACLE_TIMES").unwrap_or(1)).unwrap();
        Self { name, seed, batches: batches * times, trials }
    }

    /// Runs every batch, some at a time; stops with the smallest failure that the first failing batch comes to.
    fn batches(&self, batch: impl Fn(&mut Batch) -> Result<(), String> + Sync) {
        println!(
            "oracle {}: {} batches of {}, ROSTER_ORACLE_SEED={}",
            self.name, self.batches, self.trials, self.seed
        );
        let (next, held, begun) = (AtomicUsize::new(0), AtomicUsize::new(0), Instant::now());
        let work = || loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= self.batches {
                return Ok(());
            }
            let mut made = Batch::new(self.seed, number, self.trials);
            if let Err(failure) = batch(&mut made) {
                // the others end with what they have begun
                next.store(self.batches, Ordering::Relaxed);
                return Err(format!("batch {number}: {failure}"));
            }
            held.fetch_add(made.held, Ordering::Relaxed);
        };
        let failures: Vec<String> = thread::scope(|scope| {
            let workers: Vec<_> = (0..WORKERS).map(|_| scope.spawn(work)).collect();
            workers.into_iter().filter_map(|worker| worker.join().unwrap().err()).collect()
        });
        let (name, seed) = (self.name, self.seed);
        assert!(failures.is_empty(), "oracle {name}, ROSTER_ORACLE_SEED={seed}, {}", failures.join("\n\n"));
        let held = held.into_inner();
        println!("oracle {name}: {held} trials held in {:.1} s", begun.elapsed().as_secs_f64());
        assert_eq!(held, self.batches * usize::try_from(self.trials).unwrap(), "every trial was made");
    }
}

/// Trials that share their data. What they draw follows from the seed of the run and the batch's number.
struct Batch {
    runner: TestRunner,
    /// How many trials were made and held.
    held: usize,
}

impl Batch {
    fn new(seed: u64, number: usize, trials: u32) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        bytes[8..16].copy_from_slice(&u64::try_from(number).unwrap().to_le_bytes());
        let config = Config {
            cases: trials,
            failure_persistence: None,
            max_shrink_iters: 1_000,
            max_shrink_time: 10_000,
            ..Config::default()
        };
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
        Self { runner: TestRunner::new_with_rng(config, rng), held: 0 }
    }

    /// Draws one value.
    fn draw<S: Strategy>(&mut self, strategy: S) -> S::Value {
        use proptest::strategy::ValueTree;
        strategy.new_tree(&mut self.runner).unwrap().current()
    }

    /// Makes the batch's trials; tells of the smallest that fails what the trial itself says of it.
    fn trials<S: Strategy>(
        &mut self,
        strategy: &S,
        trial: impl Fn(S::Value) -> TestCaseResult,
    ) -> Result<(), String>
    where
        S::Value: Debug,
    {
        let held = Cell::new(0);
        let outcome = self.runner.run(strategy, |value| trial(value).inspect(|()| held.set(held.get() + 1)));
        self.held += held.get();
        match outcome {
            Ok(()) => Ok(()),
            Err(TestError::Fail(why, _)) => Err(why.to_string()),
            Err(other) => Err(other.to_string()),
        }
    }
}

/// A failure is made as small as it gets and is told as the trial tells it.
#[test]
fn a_failing_trial_is_made_smaller_and_repeated_by_its_seed() {
    let of = |seed| {
        let mut batch = Batch::new(seed, 0, 1_000);
        batch.trials(&proptest::collection::vec(0..1_000_u32, 0..20), |numbers| {
            match numbers.iter().find(|n| **n > 700) {
                Some(_) => Err(proptest::test_runner::TestCaseError::fail(format!("{numbers:?}"))),
                None => Ok(()),
            }
        })
    };

    assert_eq!(of(1), Err("[701]".to_owned()));
    let mut first = Batch::new(7, 3, 1);
    let mut again = Batch::new(7, 3, 1);
    let mut other = Batch::new(7, 4, 1);
    let drawn = first.draw(proptest::arbitrary::any::<u64>());
    assert_eq!(drawn, again.draw(proptest::arbitrary::any::<u64>()));
    assert_ne!(drawn, other.draw(proptest::arbitrary::any::<u64>()));
}
