//! What becomes of a connection string and of what lies around it, without any server.

use std::path::Path;

use tokio_postgres::config::ChannelBinding;

use super::*;
use crate::error::ErrorKind;

const ORIGIN: &str = "the environment variable DATABASE_URL";

/// A home of the user, and variables.
fn around(home: Option<&Path>, variables: &[(&str, &str)]) -> Surroundings {
    let variables = variables.iter().map(|(name, value)| ((*name).into(), (*value).into()));
    Surroundings {
        variables: variables.collect(),
        home: home.map(Path::to_owned),
        os_user: Some("me".to_owned()),
        origin: Some(ORIGIN.to_owned()),
    }
}

fn resolved(text: &str, variables: &[(&str, &str)]) -> Result<ConnectOptions, Error> {
    ConnectOptions::resolve(text, &around(None, variables))
}

/// User, database, hosts, ports.
#[track_caller]
fn check(text: &str, variables: &[(&str, &str)], expected: (&str, &str, &[&str], &[u16])) {
    let options = resolved(text, variables).unwrap();
    let config = &options.config;
    let hosts: Vec<String> = config
        .get_hosts()
        .iter()
        .map(|it| match it {
            Host::Tcp(name) => name.clone(),
            #[cfg(unix)]
            Host::Unix(folder) => folder.display().to_string(),
        })
        .collect();
    let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
    let found =
        (config.get_user().unwrap(), config.get_dbname().unwrap(), &*hosts, config.get_ports());
    assert_eq!(found, expected, "{text}");
}

#[test]
fn the_string_comes_first_then_the_variables_then_the_defaults() {
    check("postgres://u@h:7/d", &[], ("u", "d", &["h"], &[7]));
    check("postgres://h", &[], ("me", "me", &["h"], &[]));
    check("postgres://u@h", &[("PGUSER", "v"), ("PGDATABASE", "e")], ("u", "e", &["h"], &[]));
    check("", &[("PGHOST", "a,b"), ("PGPORT", "1,2")], ("me", "me", &["a", "b"], &[1, 2]));
    check("host=/run/x user=u", &[("PGHOST", "no")], ("u", "u", &["/run/x"], &[]));
    check("postgres://a,b:9/d", &[], ("me", "d", &["a", "b"], &[5432, 9]));
    check("hostaddr=10.0.0.1 dbname=d", &[], ("me", "d", &["10.0.0.1"], &[]));
    check("dbname=one dbname=two host=h", &[], ("me", "two", &["h"], &[]));
}

#[test]
fn passwords_come_from_where_psql_finds_them() {
    let password = |options: &ConnectOptions, host| {
        options.password_of(host).unwrap().map(|it| String::from_utf8(it).unwrap())
    };
    let given = resolved("postgres://u:alpha@h/d", &[("PGPASSWORD", "bravo")]).unwrap();
    assert_eq!(password(&given, 0).as_deref(), Some("alpha"));
    assert_eq!(given.password_origin(), Some(ORIGIN));
    let variable = resolved("postgres://u@h/d", &[("PGPASSWORD", "bravo")]).unwrap();
    assert_eq!(password(&variable, 0).as_deref(), Some("bravo"));
    assert_eq!(variable.password_origin(), Some("PGPASSWORD"));

    let home = tempfile::tempdir().unwrap();
    let file = home.path().join(".pgpass");
    std::fs::write(&file, "a:1:d:u:first\nb:*:d:u:second\nlocalhost:*:*:*:socket\n").unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    let of = |text: &str| ConnectOptions::resolve(text, &around(Some(home.path()), &[])).unwrap();
    let two = of("postgres://u@a:1,b:2/d");
    assert_eq!(password(&two, 0).as_deref(), Some("first"));
    assert_eq!(password(&two, 1).as_deref(), Some("second"));
    #[cfg(feature = "backup")]
    {
        let elsewhere = two.pinned(1, None).with_database("postgres");
        assert_eq!(password(&elsewhere, 1).as_deref(), Some("second"));
        let elsewhere = two.with_database("postgres");
        assert_eq!(password(&elsewhere, 0).as_deref(), Some("first"));
    }
    assert_eq!(two.password_origin(), Some(&*file.display().to_string()));
    assert_eq!(password(&of("host=/tmp"), 0).as_deref(), Some("socket"));
    assert_eq!(password(&of("host=/run/other"), 0), None);
    assert_eq!(password(&of("postgres://u@a:2/d"), 0), None);

    let asked = of("postgres://u:no@a/d").with_password_from(|| Ok("fresh".to_owned()));
    assert_eq!(password(&asked, 0).as_deref(), Some("fresh"));
    for options in [given, variable, two, asked] {
        let shown = format!("{options:?}");
        assert!(
            ["alpha", "bravo", "first", "fresh"].iter().all(|it| !shown.contains(it)),
            "{shown}"
        );
    }
}

#[cfg(unix)]
#[test]
fn a_password_file_that_others_may_read_is_a_warning() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("mine");
    std::fs::write(&file, "*:*:*:*:canary\n").unwrap();
    let name = file.display().to_string();
    let options = resolved("postgres://u@h/d", &[("PGPASSFILE", &name)]).unwrap();
    assert_eq!(options.password_of(0), Ok(None));
    assert!(
        options.warnings()[0].contains(&format!("chmod 600 {name}")),
        "{:?}",
        options.warnings()
    );
    let missing = resolved("postgres://u@h/d", &[("PGPASSFILE", "/no/such")]).unwrap();
    assert!(missing.warnings()[0].contains("cannot read /no/such"), "{:?}", missing.warnings());
}

#[test]
fn a_service_fills_in_what_the_string_leaves_open() {
    let home = tempfile::tempdir().unwrap();
    let text = "[live]\nhost=db\nport=7\nuser=app\nsslmode=require\n";
    std::fs::write(home.path().join(".pg_service.conf"), text).unwrap();
    let around = around(Some(home.path()), &[("PGUSER", "no"), ("PGDATABASE", "d")]);
    let options = ConnectOptions::resolve("service=live port=8", &around).unwrap();
    assert_eq!(options.config.get_user(), Some("app"));
    assert_eq!(options.config.get_dbname(), Some("d"));
    assert_eq!(options.config.get_ports(), [8]);
    assert_eq!(options.tls_mode(), TlsMode::Require);
    let unknown = ConnectOptions::resolve("service=canary", &around).unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::Config);
    assert!(!format!("{unknown:?}").contains("canary"), "{unknown:?}");
}

#[test]
fn the_mode_of_tls_is_what_libpq_makes_of_it() {
    #[track_caller]
    fn check(text: &str, variables: &[(&str, &str)], expected: TlsMode) {
        assert_eq!(resolved(text, variables).unwrap().tls_mode(), expected, "{text}");
    }

    check("host=h", &[], TlsMode::Prefer);
    check("host=h sslmode=disable", &[("PGSSLMODE", "require")], TlsMode::Disable);
    check("host=h", &[("PGSSLMODE", "verify-full")], TlsMode::VerifyFull);
    check("host=h requiressl=1", &[], TlsMode::Require);
    check("postgres://h/d?ssl=true", &[], TlsMode::Require);
    check("host=h sslrootcert=system", &[], TlsMode::VerifyFull);
    check("host=h sslmode=require sslrootcert=/ca.pem", &[], TlsMode::VerifyCa);
    let required = resolved("host=h", &[]).unwrap().with_tls_required();
    assert_eq!(required.tls_mode(), TlsMode::Require);
}

#[test]
fn a_network_is_what_is_neither_a_socket_nor_loopback() {
    #[track_caller]
    fn check(text: &str, expected: bool) {
        assert_eq!(resolved(text, &[]).unwrap().is_remote(), expected, "{text}");
    }

    check("host=/run/pg", false);
    check("host=localhost", false);
    check("host=127.0.0.2", false);
    check("postgres://[::1]/d", false);
    check("host=db", true);
    check("host=localhost,db", true);
    check("host=db hostaddr=127.0.0.1", false);
    check("host=localhost hostaddr=10.0.0.1", true);
}

#[test]
fn the_rest_reaches_the_client_library() {
    let text = "host=h connect_timeout=1 keepalives_idle=5 keepalives_count=4 tcp_user_timeout=1500 \
                channel_binding=require application_name='a b' options='-c x.y=1'";
    let options = resolved(text, &[]).unwrap();
    let config = &options.config;
    let millis = |it: Option<&std::time::Duration>| it.map(std::time::Duration::as_millis);
    assert_eq!(millis(config.get_connect_timeout()), Some(2000), "at least two seconds, as libpq");
    assert_eq!(config.get_keepalives_idle().as_secs(), 5);
    assert_eq!(config.get_keepalives_retries(), Some(4));
    assert_eq!(millis(config.get_tcp_user_timeout()), Some(1500));
    assert_eq!(config.get_channel_binding(), ChannelBinding::Require);
    assert_eq!(config.get_application_name(), Some("a b"));
    assert_eq!(config.get_options(), Some("-c x.y=1"));
}

#[test]
fn what_cannot_be_kept_or_understood_is_named_and_never_repeated() {
    #[track_caller]
    fn check(text: &str, variables: &[(&str, &str)], message: &str, hint: &str) {
        let error = resolved(text, variables).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().starts_with(message), "{error:?}");
        assert!(error.hints().iter().any(|it| it.contains(hint)) || hint.is_empty(), "{error:?}");
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
        let origin = variables.first().map_or(ORIGIN, |it| it.0);
        assert!(error.to_string().ends_with(&format!("({origin})")), "{error:?}");
    }

    check("postgres://h?sslmode=canary", &[], "the value of `sslmode`", "sslmode=verify-full");
    check("host=h", &[("PGSSLMODE", "canary")], "the value of `sslmode`", "sslmode=disable");
    check("host=h port=canary", &[], "the value of `port`", "");
    check("host=h port=0", &[], "the value of `port`", "");
    check("host=a,b,c port=1,2", &[], "there are not as many ports", "");
    check("host=h hostaddr=canary", &[], "the value of `hostaddr`", "");
    check("host=h connect_timeout=canary", &[], "the value of `connect_timeout`", "");
    check("host=h require_auth=scram-sha-256", &[], "`require_auth` is not", "leave");
    check("host=h", &[("PGREQUIREPEER", "canary")], "`requirepeer` is not", "leave");
    check("host=h gssencmode=require", &[], "`gssencmode` is not", "leave");
    check("host=h sslpassword=canary", &[], "`sslpassword` is not", "leave");
    check("host=h sslmode=require sslrootcert=system", &[], "sslrootcert=system", "verify-full");
    check("host=h sslnegotiation=direct", &[], "sslnegotiation=direct needs", "verify-full");
    check("postgres://h/d?pgbouncer=canary", &[], "parameter `pgbouncer` of", "leave `pgbouncer`");
    check("postgres://h/d?ssl_mode=canary", &[], "parameter `ssl_mode` of", "`sslmode`?");
    check("host=h schema=canary", &[], "parameter `schema` of", "leave `schema` out");
    // What may be the end of a password is not even named.
    for text in ["host=h password=a canary=x", "host=h password=a 'canary=x"] {
        check(text, &[], "a parameter of the database URL", "password");
    }
    for text in [
        "postgres://app:x@canary@127.0.0.1:1/app",
        "postgres://app:x@/canary@127.0.0.1:1/app",
        "postgres://app:x@canary?y=1@127.0.0.1/app?sslmode=prefer",
        "postgres://u:p@1?canary=x@h/d",
        "postgres://app:canary@db:port/app",
        "canary",
        "host=db password='canary",
    ] {
        check(text, &[], "the database URL is not valid", "%40");
    }
}

#[cfg(feature = "backup")]
#[test]
fn programs_get_to_the_same_host_as_the_same_role() {
    let text =
        "postgres://u:canary@a:1,b:2/d?sslmode=verify-full&sslrootcert=/ca.pem&options=-c%20x.y=1";
    let options = resolved(text, &[]).unwrap();
    let all = options.keywords();
    assert!(all.contains(&("host", "a,b".to_owned())) && all.contains(&("port", "1,2".to_owned())));
    let found = options.pinned(1, Some("my role")).keywords();
    let expected = [
        ("host", "b"),
        ("port", "2"),
        ("user", "u"),
        ("dbname", "d"),
        ("options", r"-c x.y=1 -c role=my\ role"),
        ("sslmode", "verify-full"),
        ("sslrootcert", "/ca.pem"),
        ("keepalives", "1"),
        ("keepalives_idle", "30"),
        ("keepalives_interval", "10"),
        ("keepalives_count", "3"),
        ("tcp_user_timeout", "60000"),
    ];
    assert_eq!(found, expected.map(|(key, value)| (key, value.to_owned())));
}
