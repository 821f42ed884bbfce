//! The development database on the PostgreSQL that is installed on this machine.
#![cfg(feature = "dev-database")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use migrate_runtime::dev_database::{DevDatabase, DevStatus, Running, Search, ThrowAwayServer};
use postgres::{Client, NoTls};
use rustix::process::{Pid, Signal, kill_process};

#[test]
fn data_persists_over_stop_and_start() {
    let project = Project::new();
    let first = project.database.ensure_running().unwrap();
    assert!(first.created && first.started);
    assert_eq!(fs::read_to_string(project.path().join(".migration/.gitignore")).unwrap(), "*\n");
    put(&first, 42);

    assert!(project.database.stop().unwrap());
    assert!(!project.database.stop().unwrap());
    let second = project.database.ensure_running().unwrap();
    assert!(!second.created && second.started);
    assert_eq!(get(&second), 42);
}

#[test]
fn the_database_is_durable_unicode_and_not_on_the_network() {
    let project = Project::new();
    let mut client = connect(&project.database.ensure_running().unwrap());
    let mut show =
        |name: &str| -> String { client.query_one(&format!("SHOW {name}"), &[]).unwrap().get(0) };
    assert_eq!(show("fsync"), "on");
    assert_eq!(show("synchronous_commit"), "on");
    assert_eq!(show("listen_addresses"), "");
    assert_eq!(show("server_encoding"), "UTF8");
    for folder in [show("unix_socket_directories"), show("data_directory")] {
        let mode = fs::metadata(&folder).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{folder} is open to others");
    }
    let lower: String = client.query_one("SELECT lower('ÄÉ')", &[]).unwrap().get(0);
    assert_eq!(lower, "äé");
}

#[test]
fn a_running_server_is_adopted() {
    let project = Project::new();
    project.database.ensure_running().unwrap();
    let process = process_of(&project.database);

    // Nothing has to be found to use a server that is there.
    let without_binaries = DevDatabase::new(project.path(), nowhere(project.path()));
    let second = without_binaries.ensure_running().unwrap();
    assert!(!second.created && !second.started);
    assert_eq!(process_of(&project.database), process);
}

#[test]
fn the_url_connects() {
    let project = Project::with_name("it has blanks & a %");
    let running = project.database.ensure_running().unwrap();
    assert_eq!(project.database.url().unwrap(), running.url);
    let mut client = Client::connect(&running.url, NoTls).unwrap();
    let row = client.query_one("SELECT current_database()::text, current_user::text", &[]).unwrap();
    assert_eq!((row.get(0), row.get(1)), ("development", "migration"));
}

#[test]
fn a_killed_server_recovers_its_data() {
    let project = Project::new();
    put(&project.database.ensure_running().unwrap(), 7);
    kill_server(&project.database);

    let running = project.database.ensure_running().unwrap();
    assert!(!running.created && running.started);
    assert_eq!(get(&running), 7);
}

#[test]
fn a_process_number_that_was_given_to_another_is_not_taken_for_the_server() {
    let project = Project::new();
    let running = project.database.ensure_running().unwrap();
    put(&running, 8);
    kill_server(&project.database);
    wait_until_stopped(&project.database);

    // The server's account may signal this process, so PostgreSQL itself would refuse to start.
    let mut stranger = as_owner_of(&running.data, "sleep").arg("600").spawn().unwrap();
    let pid_file = running.data.join("postmaster.pid");
    let text = fs::read_to_string(&pid_file).unwrap();
    let (_, rest) = text.split_once('\n').unwrap();
    fs::write(&pid_file, format!("{}\n{rest}", stranger.id())).unwrap();

    let stopped = project.database.stop().unwrap();
    let value = project.database.ensure_running().map(|it| get(&it));
    let unharmed = stranger.try_wait().unwrap().is_none();
    stranger.kill().unwrap();
    stranger.wait().unwrap();
    assert!(!stopped);
    assert_eq!(value.unwrap(), 8);
    assert!(unharmed, "stop killed a process that is not the server");
}

#[test]
fn eight_at_once_start_one_server() {
    let project = Project::new();
    let barrier = Barrier::new(8);
    let start = || {
        barrier.wait();
        project.database.ensure_running().unwrap()
    };
    let all: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
        threads.into_iter().map(|it| it.join().unwrap()).collect()
    });
    assert_eq!(all.iter().filter(|it| it.created).count(), 1);
    assert_eq!(all.iter().filter(|it| it.started).count(), 1);
    put(&all[0], 1);
    assert!(all.iter().all(|it| get(it) == 1));
}

#[test]
fn a_path_too_long_for_a_socket_is_no_obstacle() {
    let project = Project::with_name(&"long-folder-name/".repeat(10));
    assert!(project.path().as_os_str().len() > 107);
    put(&project.database.ensure_running().unwrap(), 3);
    project.database.stop().unwrap();
    assert_eq!(get(&project.database.ensure_running().unwrap()), 3);

    let socket = socket_folder(&project.database);
    project.database.reset().unwrap();
    assert!(!socket.exists(), "{} is left", socket.display());
}

#[test]
fn a_project_that_the_server_cannot_reach_keeps_its_data_elsewhere() {
    let project = Project::new();
    fs::set_permissions(project.folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let running = project.database.ensure_running().unwrap();
    put(&running, 5);
    project.database.stop().unwrap();
    assert_eq!(get(&project.database.ensure_running().unwrap()), 5);

    // Only root runs the server as somebody else.
    let inside = running.data.starts_with(project.path());
    assert_eq!(inside, owner_of(&running.data) == owner_of(project.path()));
    if !inside {
        let note = fs::read_to_string(project.path().join(".migration/location")).unwrap();
        assert!(running.data.starts_with(note.trim()), "{note}");
        project.database.reset().unwrap();
        assert!(!Path::new(note.trim()).exists());
    }
}

#[test]
fn an_interrupted_initdb_is_done_again() {
    let project = Project::new();
    let running = project.database.ensure_running().unwrap();
    project.database.stop().unwrap();
    // As if the first command had been killed half-way: no data folder, a part of the new one.
    let new = running.data.with_file_name("data.new");
    fs::rename(&running.data, &new).unwrap();
    fs::remove_file(new.join("global/pg_control")).unwrap();

    let again = project.database.ensure_running().unwrap();
    assert!(again.created);
    put(&again, 1);
    assert!(!new.exists());
}

#[test]
fn a_missing_database_is_made_again() {
    let project = Project::new();
    let mut config = project.database.ensure_running().unwrap().config;
    let mut client = config.dbname("postgres").connect(NoTls).unwrap();
    client.batch_execute("DROP DATABASE development WITH (FORCE)").unwrap();

    let running = project.database.ensure_running().unwrap();
    assert!(!running.created);
    put(&running, 1);
}

#[test]
fn reset_leaves_nothing_and_the_next_start_makes_a_new_one() {
    let project = Project::new();
    let running = project.database.ensure_running().unwrap();
    put(&running, 1);
    fs::write(project.path().join(".migration/kept"), "by somebody else").unwrap();

    project.database.reset().unwrap();
    assert_eq!(project.database.status().unwrap(), DevStatus::Absent);
    assert!(!running.data.exists());
    assert!(project.path().join(".migration/kept").exists());

    let fresh = project.database.ensure_running().unwrap();
    assert!(fresh.created);
    let count = "SELECT count(*) FROM pg_tables WHERE tablename = 'kept'";
    assert_eq!(connect(&fresh).query_one(count, &[]).unwrap().get::<_, i64>(0), 0);
}

#[test]
fn a_folder_of_somebody_else_is_neither_used_nor_removed() {
    let project = Project::new();
    let folder = project.path().join(".migration/postgres");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("thesis.txt"), "three years of work").unwrap();

    let error = project.database.ensure_running().unwrap_err();
    let expected = format!("{} is not a folder that this program made", folder.display());
    assert_eq!(error.to_string(), expected);
    project.database.reset().unwrap();
    assert!(folder.join("thesis.txt").exists());
}

#[test]
fn status_tells_what_there_is_and_starts_nothing() {
    let project = Project::new();
    assert_eq!(project.database.status().unwrap(), DevStatus::Absent);
    assert!(!project.path().join(".migration").exists());
    assert!(project.database.url().unwrap_err().to_string().contains("no development database"));

    project.database.ensure_running().unwrap();
    assert!(matches!(project.database.status().unwrap(), DevStatus::Running { .. }));
    project.database.stop().unwrap();
    assert!(matches!(project.database.status().unwrap(), DevStatus::Stopped { .. }));
}

#[test]
fn data_of_another_version_is_left_alone() {
    let project = Project::new();
    let running = project.database.ensure_running().unwrap();
    project.database.stop().unwrap();
    fs::write(running.data.join("PG_VERSION"), "9.1\n").unwrap();

    let error = project.database.ensure_running().unwrap_err();
    let start = "the development database was made by PostgreSQL 9.1, but only ";
    assert!(error.to_string().starts_with(start), "{error}");
    assert!(error.hints().contains(&"migration-cli db reset --confirm".to_owned()));
}

#[test]
fn a_server_that_does_not_start_shows_its_log() {
    let project = Project::new();
    let running = project.database.ensure_running().unwrap();
    project.database.stop().unwrap();
    fs::write(running.data.join("postgresql.auto.conf"), "no_such_setting = 1\n").unwrap();

    let error = project.database.ensure_running().unwrap_err().to_string();
    assert!(error.starts_with("the server stopped while it started"), "{error}");
    assert!(error.contains("no_such_setting"), "{error}");
}

#[test]
fn no_server_at_all_says_where_it_looked_and_what_to_type() {
    let project = Project::new();
    let database = DevDatabase::new(project.path(), nowhere(project.path()));
    let error = database.ensure_running().unwrap_err();
    assert!(error.is_no_server());
    let expected = format!(
        "no PostgreSQL server was found on this machine; looked in\n  {0}/bin\n  {0}/*/bin",
        project.path().display(),
    );
    assert_eq!(error.to_string(), expected);
    assert!(error.hints().iter().any(|it| it.starts_with("DATABASE_URL=")));
    assert!(!project.path().join(".migration").exists());
}

#[test]
fn a_throw_away_server_is_made_as_it_is_told() {
    let folder = reachable_folder();
    let server = ThrowAwayServer::new(folder.path(), search().find().unwrap()).unwrap();
    let server = server.with_initdb("--no-sync").with_port(6543).with_setting("fsync=off");
    let server = Stopping(server);
    server.0.make_data().unwrap();
    server.0.start().unwrap();
    let mut client = Client::connect(&server.0.url("postgres"), NoTls).unwrap();
    let show: String = client.query_one("SHOW fsync", &[]).unwrap().get(0);
    assert_eq!(show, "off");
}

/// Stops its server whatever happens.
struct Stopping(ThrowAwayServer);

impl Drop for Stopping {
    fn drop(&mut self) {
        drop(self.0.stop());
    }
}

/// A project in a folder of its own, whose server ends with it.
struct Project {
    folder: tempfile::TempDir,
    path: PathBuf,
    database: DevDatabase,
}

impl Project {
    fn new() -> Project {
        Project::with_name("project")
    }

    fn with_name(name: &str) -> Project {
        let folder = reachable_folder();
        let path = folder.path().join(name);
        fs::create_dir_all(&path).unwrap();
        let path = path.canonicalize().unwrap();
        Project { folder, database: DevDatabase::new(&path, search()), path }
    }

    fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        drop(self.database.reset());
    }
}

/// The server may run as another user than the test.
fn reachable_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir_in("/tmp").unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

fn search() -> Search {
    let pg_bin = std::env::var_os("PG_BIN").map(PathBuf::from);
    Search { pg_bin, path: std::env::var_os("PATH"), ..Search::default() }
}

fn nowhere(folder: &Path) -> Search {
    let path = Some(folder.join("bin").into());
    Search { pg_bin: None, path, well_known: vec![folder.join("*/bin")] }
}

fn connect(running: &Running) -> Client {
    running.config.connect(NoTls).unwrap()
}

fn put(running: &Running, value: i32) {
    let sql = format!("CREATE TABLE kept (value int); INSERT INTO kept VALUES ({value})");
    connect(running).batch_execute(&sql).unwrap();
}

fn get(running: &Running) -> i32 {
    connect(running).query_one("SELECT value FROM kept", &[]).unwrap().get(0)
}

fn process_of(database: &DevDatabase) -> i32 {
    match database.status().unwrap() {
        DevStatus::Running { process: Some(process), .. } => process,
        other => panic!("no process: {other:?}"),
    }
}

fn socket_folder(database: &DevDatabase) -> PathBuf {
    let url = database.url().unwrap();
    PathBuf::from(url.split_once("?host=").unwrap().1)
}

/// As a loss of power would: without a chance to say goodbye.
fn kill_server(database: &DevDatabase) {
    let process = Pid::from_raw(process_of(database)).unwrap();
    kill_process(process, Signal::KILL).unwrap();
}

/// The server's helpers notice its death by themselves, a moment later.
fn wait_until_stopped(database: &DevDatabase) {
    let end = Instant::now() + Duration::from_mins(1);
    while !matches!(database.status().unwrap(), DevStatus::Stopped { .. }) {
        assert!(Instant::now() < end, "the server's helpers are still there");
        thread::sleep(Duration::from_millis(5));
    }
}

fn owner_of(path: &Path) -> u32 {
    fs::metadata(path).unwrap().uid()
}

fn as_owner_of(path: &Path, program: &str) -> Command {
    let mut command = Command::new(program);
    if owner_of(path) != owner_of(Path::new("/proc/self")) {
        command.uid(owner_of(path));
    }
    command
}
