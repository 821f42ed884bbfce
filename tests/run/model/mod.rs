//! Any sequence of commands and accidents, over any set of migrations: after each of them, history, schema,
//! progress and log are what a reference in memory says.

#![expect(clippy::print_stdout, reason = "a child tells its parent, and a long run what it did")]

mod commands;
mod reference;
mod scripts;
mod world;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use migrate_runtime::ErrorKind;
use migration_tests::harness::Trial;
use migration_tests::{Server, child, trials};
use proptest::prelude::any;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};

use commands::{Command, Hit, Until, Way};
use reference::{Reference, Said};
use scripts::{Binary, Sort};
use world::World;

pub(crate) fn tests() -> Vec<Trial> {
    let long = trials![sequences_for_a_quarter_of_an_hour_agree_with_the_reference];
    let long = long.into_iter().map(|it| it.with_ignored_flag(true));
    trials![any_sequence_of_commands_agrees_with_the_reference].into_iter().chain(long).collect()
}

const CHILD: &str = "run::model::any_sequence_of_commands_agrees_with_the_reference";

fn any_sequence_of_commands_agrees_with_the_reference() {
    if let Some(argument) = child::argument() {
        return run_as_child(&argument);
    }
    let figures = sequences(18, 20, RngSeed::Fixed(2026));
    assert!(figures[HITS] > 10, "too little was proven: {figures:#?}");
}

/// Other ones each time: what fails is printed, and small.
fn sequences_for_a_quarter_of_an_hour_agree_with_the_reference() {
    let end = Instant::now() + Duration::from_mins(15);
    let mut figures = Figures::new();
    while Instant::now() < end {
        for (name, count) in sequences(24, 25, RngSeed::Random) {
            *figures.entry(name).or_default() += count;
        }
    }
    println!("{figures:#?}");
}

const HITS: &str = "hits while a statement waits";

type Figures = BTreeMap<String, u32>;

fn sequences(most: usize, cases: u32, rng_seed: RngSeed) -> Figures {
    let config = Config {
        cases,
        rng_seed,
        failure_persistence: None,
        max_shrink_iters: 400,
        ..Config::default()
    };
    let server = Server::own();
    let figures = RefCell::new(Figures::new());
    let cases = (commands::sets(), any::<bool>(), commands::commands(most));
    let result = TestRunner::new(config).run(&cases, |(sorts, go, commands)| {
        let go = go.then_some(Command::Go);
        let commands: Vec<Command> = go.into_iter().chain(commands).collect();
        case(&server, &sorts, &commands, &figures)
    });
    result.unwrap_or_else(|error| panic!("{error}"));
    figures.into_inner()
}

fn case(
    server: &Server,
    sorts: &[Sort],
    commands: &[Command],
    figures: &RefCell<Figures>,
) -> Result<(), TestCaseError> {
    *figures.borrow_mut().entry("sequences".to_owned()).or_default() += 1;
    let mut world = World::new(server, sorts);
    let mut reference = Reference::new(sorts);
    for (index, command) in commands.iter().copied().enumerate() {
        let command = reference.aim(command);
        let said = world.run(command);
        let found = world.found(command.binary());
        let mut wrong = format!("after command {}, {command:?}:", index + 1);
        let possible = reference.after(command).into_iter().find(|(next, expected)| {
            let state = world::expected(next, sorts, command.binary());
            let fits = *expected == said && state == found;
            if !fits {
                wrong = format!("{wrong}\nexpected: {expected:?}\n{state}found: {said:?}\n{found}");
            }
            fits
        });
        reference = possible.ok_or(TestCaseError::fail(wrong))?.0;
        *figures.borrow_mut().entry(name(command, &said)).or_default() += 1;
    }
    *figures.borrow_mut().entry(HITS.to_owned()).or_default() += world.hits;
    Ok(())
}

/// What the figures count.
fn name(command: Command, said: &Said) -> String {
    let command = match command {
        Command::Run { way, .. } => way.command().to_owned(),
        Command::Force { .. } => "force".to_owned(),
        Command::Repair { .. } => "repair".to_owned(),
        Command::Hit(Hit { way, fate, .. }) => format!("{} with {fate:?}", way.command()),
        Command::Restart(end) => format!("restart {end:?}"),
        Command::Go => "go".to_owned(),
    };
    let said = match said {
        Said::Done(done) if done.is_empty() => "nothing to do".to_owned(),
        Said::Done(_) => "done".to_owned(),
        Said::Failed(kind, _) => kind.as_str().to_owned(),
        Said::Nothing => "-".to_owned(),
    };
    format!("{command}: {said}")
}

/// What a child has to know.
fn argument(url: &str, sorts: &[Sort], hit: Hit) -> String {
    let letters = Sort::ALL.into_iter().zip('a'..);
    let letter = |sort: &Sort| letters.clone().find(|it| it.0 == *sort).unwrap().1;
    let sorts: String = sorts.iter().map(letter).collect();
    let binary = match hit.binary {
        Binary::Newest => "n 0".to_owned(),
        Binary::First(count) => format!("f {count}"),
        Binary::Without(missing) => format!("w {missing}"),
    };
    let (until, out_of_order) = match hit.way {
        Way::Up { until, out_of_order } => (until, out_of_order),
        Way::Down(until) => (until, false),
    };
    let until = match until {
        Until::All => "a 0".to_owned(),
        Until::Steps(count) => format!("s {count}"),
        Until::Number(number) => format!("n {number}"),
    };
    let way = hit.way.command();
    format!("{url} {sorts} {binary} {way} {until} {out_of_order}")
}

fn run_as_child(argument: &str) {
    let parts: Vec<&str> = argument.split(' ').collect();
    let [url, sorts, sort, count, way, until, far, out_of_order] = parts[..] else {
        panic!("{argument}")
    };
    let sorts: Vec<Sort> = sorts.bytes().map(|it| Sort::ALL[usize::from(it - b'a')]).collect();
    let count = count.parse().unwrap();
    let binary = match sort {
        "f" => Binary::First(count),
        "w" => Binary::Without(count),
        _ => Binary::Newest,
    };
    let far = far.parse().unwrap();
    let until = match until {
        "s" => Until::Steps(far),
        "n" => Until::Number(far),
        _ => Until::All,
    };
    let way = match way {
        "up" => Way::Up { until, out_of_order: out_of_order == "true" },
        _ => Way::Down(until),
    };
    let said = world::run_as_child(&binary.set(&sorts), url.parse().unwrap(), way);
    let (kind, done) = match said {
        Said::Done(done) => ("-", done),
        Said::Failed(kind, done) => (kind.as_str(), done),
        Said::Nothing => unreachable!("it was not killed"),
    };
    let done: Vec<String> = done.iter().map(ToString::to_string).collect();
    println!("> {kind} {}", done.join(" "));
}

/// What a child that was not killed has said.
fn parsed(output: &str) -> Said {
    let line = output.lines().find_map(|it| it.strip_prefix("> ")).unwrap();
    let mut words = line.split_whitespace();
    let word = words.next().unwrap();
    let done = words.map(|it| it.parse().unwrap()).collect();
    match ErrorKind::all().find(|it| it.1 == word) {
        Some((kind, ..)) => Said::Failed(kind, done),
        None => Said::Done(done),
    }
}
