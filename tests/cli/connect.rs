//! Connections as libpq makes them, against a real Postgres with TLS, certificates and passwords.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use backsmith::postgres::Target;
use backsmith::postgres::scratch::{Options, Server};
use backsmith::redact::SecretUrl;

use crate::postgres::{execute, private_server, query, wait};
use crate::sandbox::{Run, Sandbox};
use crate::web_server::pem;

const PASSWORD: &str = r"p@:/?#%&=+ 'ü\,";
const ENCODED: &str = "p%40%3A%2F%3F%23%25%26%3D%2B%20%27%C3%BC%5C%2C";

/// A server that takes `secret` over TLS with a password, `plain` without TLS with a password, and
/// `certified` over TLS with a certificate.
struct Instance {
    server: Server,
    port: u16,
    files: tempfile::TempDir,
}

impl Instance {
    fn file(&self, name: &str) -> String {
        self.files.path().join(name).display().to_string()
    }

    /// `postgres://secret@127.0.0.1:5433/postgres?…`
    fn url(&self, user: &str, host: &str, query: &str) -> String {
        format!("postgres://{user}@{host}:{}/postgres?{query}", self.port)
    }

    fn secret(&self, query: &str) -> String {
        self.url(&format!("secret:{ENCODED}"), "127.0.0.1", query)
    }
}

fn instance() -> &'static Instance {
    static INSTANCE: OnceLock<Instance> = OnceLock::new();
    INSTANCE.get_or_init(start)
}

fn start() -> Instance {
    let files = tempfile::Builder::new()
        .prefix("backsmith-tls-")
        .tempdir_in("/tmp")
        .expect("a folder");
    let folder = files.path();
    open_to_others(folder);
    certificates(folder);
    let hba = "local all all trust\n\
        hostssl all secret all scram-sha-256\nhostnossl all plain all scram-sha-256\n\
        hostssl all certified all cert\n";
    std::fs::write(folder.join("hba"), hba).expect("a file");
    give_to_server(&folder.join("server.key"));
    let port = TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a free port")
        .port();
    let file = |name: &str| folder.join(name).display().to_string();
    let settings = [
        ("listen_addresses", "127.0.0.1,localhost".to_owned()),
        ("port", port.to_string()),
        ("ssl", "on".to_owned()),
        ("ssl_cert_file", file("server.crt")),
        ("ssl_key_file", file("server.key")),
        ("ssl_ca_file", file("root.crt")),
        ("hba_file", file("hba")),
    ];
    let settings = settings
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec();
    let options = Options {
        settings,
        ..private_server()
    };
    let server = wait(Server::start(&options)).expect("a Postgres with TLS");
    let literal = PASSWORD.replace('\'', "''");
    execute(
        server.url().expose(),
        &format!(
            "set standard_conforming_strings = on; create role secret login password '{literal}'; \
             create role plain login password '{literal}'; create role certified login"
        ),
    );
    Instance {
        server,
        port,
        files,
    }
}

/// A root with a server's certificate for `localhost` and a client's for `certified`, and a stranger.
fn certificates(folder: &Path) {
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
    let write = |name: &str, label: &str, der: &[u8]| {
        std::fs::write(folder.join(name), pem(label, der)).expect("a file");
    };
    let root = |name: &str| {
        let key = KeyPair::generate().expect("a key");
        let mut about = CertificateParams::default();
        about.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        about.distinguished_name.push(DnType::CommonName, name);
        let certificate = about.self_signed(&key).expect("a certificate");
        (Issuer::new(about, key), certificate)
    };
    let (issuer, certificate) = root("trusted");
    write("root.crt", "CERTIFICATE", certificate.der());
    write("stranger.crt", "CERTIFICATE", root("stranger").1.der());
    for (name, common, alternative) in [
        ("server", "server", vec!["localhost".to_owned()]),
        ("client", "certified", vec![]),
    ] {
        let key = KeyPair::generate().expect("a key");
        let mut about = CertificateParams::new(alternative).expect("names");
        about.distinguished_name.push(DnType::CommonName, common);
        let certificate = about.signed_by(&key, &issuer).expect("a certificate");
        write(&format!("{name}.crt"), "CERTIFICATE", certificate.der());
        write(&format!("{name}.key"), "PRIVATE KEY", &key.serialize_der());
        rights(&folder.join(format!("{name}.key")), 0o600);
    }
}

fn rights(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("rights");
}

fn open_to_others(path: &Path) {
    rights(path, 0o755);
}

/// As root, the server runs under another account and takes only a key of its own.
fn give_to_server(path: &Path) {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let user = ["postgres", "nobody"]
        .into_iter()
        .find_map(|name| nix::unistd::User::from_name(name).ok().flatten())
        .expect("an account");
    nix::unistd::chown(path, Some(user.uid), Some(user.gid)).expect("another owner");
}

/// What one connection gave.
struct Attempt {
    sandbox: Sandbox,
    environment: Vec<(String, String)>,
}

impl Attempt {
    /// With a home folder of its own.
    fn new() -> Self {
        Self {
            sandbox: Sandbox::new(),
            environment: Vec::new(),
        }
    }

    fn set(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    fn home(self, path: &str, text: &str) -> Self {
        let path = self.sandbox.write(path, text);
        rights(&path, 0o600);
        self
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.sandbox.command(arguments);
        command.env("HOME", self.sandbox.path());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    fn run(&self, url: &str) -> Run {
        let run = Run::of(&mut self.command(&["migrate", "--connection", url, "--analyze", "-v"]));
        for piece in [PASSWORD, ENCODED, "p@:/", "wr0ng", "%3F%23"] {
            let shown = [&run.stdout, &run.stderr]
                .iter()
                .any(|text| text.contains(piece));
            assert!(
                !shown,
                "the password is shown:\n{}\n{}",
                run.stdout, run.stderr
            );
        }
        run
    }

    #[track_caller]
    fn connects(&self, url: &str) {
        self.run(url).expect(0);
    }

    /// Fails with this exit code, and says this.
    #[track_caller]
    fn fails(&self, url: &str, code: i32, says: &str) {
        let run = self.run(url).expect(code);
        assert!(
            run.stderr.contains(says),
            "{says:?} is not in\n{}",
            run.stderr
        );
    }
}

#[test]
fn tls_is_as_strict_as_its_mode() {
    let instance = instance();
    let attempt = Attempt::new();
    let root = instance.file("root.crt");
    let stranger = instance.file("stranger.crt");
    for query in [
        "",
        "sslmode=prefer",
        "sslmode=allow",
        "sslmode=require",
        "ssl=true",
    ] {
        attempt.connects(&instance.secret(query));
    }
    attempt.connects(&instance.secret(&format!("sslmode=verify-ca&sslrootcert={root}")));
    let user = format!("secret:{ENCODED}");
    let full = format!("sslmode=verify-full&sslrootcert={root}");
    attempt.connects(&instance.url(&user, "localhost", &full));
    attempt.fails(&instance.secret("sslmode=disable"), 4, "no encryption");
    attempt.fails(&instance.secret(&full), 4, "not valid for name");
    for mode in ["verify-ca", "verify-full"] {
        let query = format!("sslmode={mode}&sslrootcert={stranger}");
        attempt.fails(
            &instance.url(&user, "localhost", &query),
            4,
            "no TLS connection",
        );
    }
    attempt.fails(
        &instance.secret("sslmode=verify-ca"),
        2,
        "needs a root certificate",
    );
    attempt.fails(
        &instance.secret("sslmode=verify-ca&sslrootcert=/nowhere"),
        2,
        "cannot read `/nowhere`",
    );
    attempt.fails(
        &instance.secret("sslmode=require&sslrootcert=system"),
        2,
        "needs sslmode=verify-full",
    );
    attempt.fails(
        &instance.url(&user, "localhost", "sslrootcert=system"),
        4,
        "no TLS connection",
    );
    // A server that wants none: prefer and allow give in, require does not.
    for mode in ["disable", "allow", "prefer"] {
        attempt.connects(&instance.url(
            &format!("plain:{ENCODED}"),
            "127.0.0.1",
            &format!("sslmode={mode}"),
        ));
    }
    attempt.fails(
        &instance.url("plain:wr0ng", "127.0.0.1", "sslmode=require"),
        4,
        "refuses the user",
    );
    // A root of the user makes `require` verify.
    let with_root = |name| {
        let text = std::fs::read_to_string(instance.file(name)).expect("a certificate");
        Attempt::new().home(".postgresql/root.crt", &text)
    };
    with_root("root.crt").connects(&instance.secret("sslmode=require"));
    with_root("stranger.crt").fails(&instance.secret("sslmode=require"), 4, "no TLS connection");
    // The environment says what the URL leaves open.
    let strict = Attempt::new()
        .set("PGSSLMODE", "verify-full")
        .set("PGSSLROOTCERT", &root);
    strict.connects(&instance.url(&user, "localhost", ""));
    strict.fails(&instance.secret(""), 4, "not valid for name");
    Attempt::new()
        .set("PGSSLMODE", "strict")
        .fails(&instance.secret(""), 2, "sslmode is `strict`");
}

#[test]
fn a_certificate_tells_the_user() {
    let instance = instance();
    let (certificate, key) = (instance.file("client.crt"), instance.file("client.key"));
    let query = format!("sslmode=require&sslcert={certificate}&sslkey={key}");
    Attempt::new().connects(&instance.url("certified", "127.0.0.1", &query));
    Attempt::new()
        .set("PGSSLCERT", &certificate)
        .set("PGSSLKEY", &key)
        .connects(&instance.url("certified", "127.0.0.1", ""));
    let text = |name| std::fs::read_to_string(instance.file(name)).expect("a file");
    Attempt::new()
        .home(".postgresql/postgresql.crt", &text("client.crt"))
        .home(".postgresql/postgresql.key", &text("client.key"))
        .connects(&instance.url("certified", "127.0.0.1", ""));
    Attempt::new().fails(
        &instance.url("certified", "127.0.0.1", "sslmode=require"),
        4,
        "certificate",
    );
    let alone = format!("sslcert={certificate}");
    Attempt::new().fails(
        &instance.url("certified", "127.0.0.1", &alone),
        2,
        "has no key",
    );
    let open = Attempt::new();
    let loose = open.sandbox.write("loose.key", text("client.key"));
    rights(&loose, 0o644);
    let query = format!("sslcert={certificate}&sslkey={}", loose.display());
    open.fails(
        &instance.url("certified", "127.0.0.1", &query),
        2,
        "others may read the key",
    );
}

#[test]
fn passwords_come_from_where_libpq_takes_them() {
    let instance = instance();
    let url = instance.url("secret", "127.0.0.1", "");
    let line = |password: &str| {
        let password = password.replace('\\', r"\\").replace(':', r"\:");
        format!(
            "# mine\nelsewhere:*:*:*:wr0ng\n127.0.0.1:{}:*:secret:{password}\n",
            instance.port
        )
    };
    Attempt::new().set("PGPASSWORD", PASSWORD).connects(&url);
    Attempt::new()
        .home(".pgpass", &line(PASSWORD))
        .connects(&url);
    let named = Attempt::new().home("passwords", &line(PASSWORD));
    let path = named.sandbox.path().join("passwords").display().to_string();
    named.connects(&format!("{url}passfile={path}"));
    let named = named.set("PGPASSFILE", &path);
    named.connects(&url);
    rights(Path::new(&path), 0o644);
    named.fails(&url, 4, "its rights are 0644");
    Attempt::new().fails(&url, 4, "asks for a password, and there is none");
    Attempt::new()
        .home(".pgpass", &line("wr0ng"))
        .fails(&url, 4, "refuses the password");
    Attempt::new().fails(
        &instance.url("secret:wr0ng", "127.0.0.1", ""),
        4,
        "refuses the password",
    );
    Attempt::new().connects(&format!("{url}password={ENCODED}"));
    let quoted = PASSWORD.replace('\\', r"\\").replace('\'', r"\'");
    let port = instance.port;
    Attempt::new().connects(&format!(
        "host=127.0.0.1 port={port} dbname=postgres user = secret password = '{quoted}'"
    ));
    Attempt::new().connects(&instance.url("secret:p@:%2F?%23%25&=+ 'ü\\,", "127.0.0.1", ""));
}

#[test]
fn sockets_services_and_lists_of_hosts_lead_to_the_server() {
    let instance = instance();
    let port = instance.port;
    let socket = query(
        instance.server.url().expose(),
        "select split_part(current_setting('unix_socket_directories'), ',', 1)",
    );
    let folder = socket[0].as_str();
    let encoded = folder.replace('/', "%2F");
    let attempt = Attempt::new();
    attempt.connects(&format!(
        "postgres:///postgres?host={folder}&port={port}&user=postgres"
    ));
    attempt.connects(&format!(
        "postgres://postgres@{encoded}:{port}/postgres?sslmode=require"
    ));
    attempt.connects(&format!(
        "host={folder} port={port} dbname=postgres user=postgres"
    ));
    Attempt::new()
        .set("PGHOST", folder)
        .set("PGPORT", &port.to_string())
        .set("PGUSER", "postgres")
        .connects("postgres:///postgres");
    let service = format!(
        "[other]\nhost=nowhere\n\n[shop]\n# the shop\nhost={folder}\nport={port}\ndbname=postgres\nuser=postgres\n"
    );
    Attempt::new()
        .home(".pg_service.conf", &service)
        .connects("postgres://?service=shop");
    let named = Attempt::new().home("services", &service);
    let path = named.sandbox.path().join("services").display().to_string();
    let named = named.set("PGSERVICEFILE", &path);
    named.connects("service=shop");
    named.fails("service=none", 2, "there is no service `none`");
    named.set("PGSERVICE", "shop").connects("postgres:///");
    let list = |query: &str| {
        format!("postgres://secret:{ENCODED}@127.0.0.1:1,127.0.0.1:{port}/postgres?{query}")
    };
    for query in [
        "",
        "target_session_attrs=read-write",
        "target_session_attrs=primary",
        "target_session_attrs=prefer-standby",
        "load_balance_hosts=random",
    ] {
        attempt.connects(&list(query));
    }
    attempt.fails(&list("target_session_attrs=standby"), 4, "is not `standby`");
    attempt.fails(
        "postgres://secret:wr0ng@127.0.0.1:1,127.0.0.1:2/d",
        4,
        " at 127.0.0.1:2",
    );
    attempt.connects(&format!(
        "postgres://secret:{ENCODED}@named.invalid:{port}/postgres?hostaddr=127.0.0.1"
    ));
    attempt.fails(
        &format!("postgres://secret:{ENCODED}@named.invalid:{port}/postgres"),
        4,
        " at named.invalid",
    );
}

/// An address in brackets leads there, wherever this machine has IPv6.
#[test]
fn addresses_of_six_are_in_brackets() {
    let attempt = Attempt::new();
    // Nothing listens on port 1: the address itself was understood when the place is named.
    let run = attempt
        .run("postgres://secret:wr0ng@[::1]:1/postgres")
        .expect(4);
    assert!(run.stderr.contains(" at [::1]:1"), "{}", run.stderr);
}

#[test]
fn options_reach_the_session() {
    let url = instance().server.url();
    let url = format!(
        "{}&options=-c%20search_path%3Dpg_catalog%20-c%20work_mem%3D7MB&application_name=shop%20tool",
        url.expose()
    );
    let values = wait(async {
        let target = Target::parse(&SecretUrl::new(url), None).expect("a URL");
        let mut connection = target.connect().await.expect("a connection");
        let mut values = Vec::new();
        for name in ["search_path", "work_mem", "application_name"] {
            values.push(connection.show(name).await.expect("a value"));
        }
        connection.close().await;
        values
    });
    assert_eq!(values, ["pg_catalog", "7MB", "shop tool"]);
}

#[test]
fn what_is_not_supported_is_refused_by_name() {
    let attempt = Attempt::new();
    let refused = attempt.run(
        "postgres://u:wr0ng@h/d?channel_binding=require&gssencmode=require&sslcrl=a&keepalives=1&schema=public&conect_timeout=3",
    );
    insta::assert_snapshot!(refused.transcript(), @r"
    --- stdout
    --- stderr
    error: `postgres://u:***@h/d?channel_binding=require&gssencmode=require&sslcrl=a&keepalives=1&schema=public&conect_timeout=3` is no connection URL
      caused by: `schema` is a keyword of Prisma, not of Postgres: leave it out
      caused by: `conect_timeout` is no keyword of a connection; did you mean `connect_timeout`?
      caused by: `channel_binding=require` is not supported: it can be disable, prefer
      caused by: `gssencmode=require` is not supported: it can be disable, prefer
      caused by: `sslcrl` is not supported: leave it out
      caused by: `keepalives` is not supported: leave it out
    hint: the form is postgres://user:password@host:5432/database?sslmode=require
    --- exit 2
    ");
    for query in [
        "channel_binding=prefer",
        "gssencmode=disable",
        "client_encoding=UTF8",
        "sslnegotiation=postgres",
    ] {
        attempt.connects(&instance().secret(query));
    }
    Attempt::new().set("PGREQUIREAUTH", "scram-sha-256").fails(
        &instance().secret(""),
        2,
        "`require_auth` is not supported",
    );
}

#[test]
fn what_cannot_be_read_shows_no_password() {
    let attempt = Attempt::new();
    for url in [
        "postgres://u:wr0ng/x@h/d",
        "postgres://u:wr0ng%@h/d",
        "postgres://u:wr0ng?a#b@[::1/d",
        "postgres://u:wr0ng@h:port/d",
        "postgres://u:wr0ng@h:99999/d",
        "postgres://u@h/d?password=wr0ng&sslmode=strict",
        "postgres://u@h/d?password=wr0ng&",
        "mysql://u:wr0ng@h/d",
        "host=h password='wr0ng' user",
        "host=h password=x wr0ng",
        "host=h password='wr0ng",
        "password=wr0ng port=a,b",
    ] {
        let run = attempt.run(url);
        assert!(
            run.code == 2 || run.code == 4,
            "{url}: {}\n{}",
            run.code,
            run.stderr
        );
        let run = Run::of(&mut attempt.command(&["doctor", "--connection", url]));
        assert!(
            !run.stdout.contains("wr0ng") && !run.stderr.contains("wr0ng"),
            "{url}\n{}",
            run.stdout
        );
    }
}
