//! Where connections go and what they show there: certificates of both sides, proxies, sockets, and
//! what is said of a place at which nothing can be measured.

use crate::loadtest::json;
use crate::sandbox::{Run, Sandbox};
use crate::web_server::{WebServer, pem};

fn short(sandbox: &Sandbox, arguments: &[&str], code: i32) -> Run {
    let common = ["loadtest", "-c", "2", "-d", "300ms"];
    sandbox.run(common.iter().chain(arguments)).expect(code)
}

#[track_caller]
fn says(run: &Run, parts: &[&str]) {
    let all = run.transcript();
    for part in parts {
        assert!(all.contains(part), "no {part} in {all}");
    }
}

/// A client's certificate and its key, in `cert.pem`, `key.pem` and both in `both.pem`.
fn client(sandbox: &Sandbox) -> rustls::pki_types::CertificateDer<'static> {
    let made = rcgen::generate_simple_self_signed(vec!["client".to_owned()]).expect("made");
    let (certificate, key) = (
        pem("CERTIFICATE", made.cert.der()),
        pem("PRIVATE KEY", &made.signing_key.serialize_der()),
    );
    sandbox.write("cert.pem", &certificate);
    sandbox.write("key.pem", &key);
    sandbox.write("both.pem", format!("{certificate}{key}"));
    made.cert.der().clone()
}

#[test]
fn a_server_that_asks_for_a_certificate_gets_one() {
    let sandbox = Sandbox::new();
    let (server, own) = WebServer::start_mutual_tls(&client(&sandbox));
    sandbox.write("server.pem", own);
    let url = server.url("/");
    let trusted = [url.as_str(), "--cacert", "server.pem"];
    // The last of them goes through the general engine.
    for shown in [
        &["--cert", "cert.pem", "--key", "key.pem"][..],
        &["--cert", "both.pem"],
        &["--cert", "both.pem", "--cookies"],
    ] {
        let arguments = [&trusted[..], shown, &["--requests", "20"]].concat();
        let report = json(&sandbox, &arguments, 0);
        assert_eq!(report["results"][0]["requests"]["completed"], 20);
    }
    for flags in [&[][..], &["--cookies"]] {
        let run = short(&sandbox, &[&trusted[..], flags].concat(), 1);
        says(
            &run,
            &[
                "TLS handshake failed",
                "the server asks for a certificate of the client",
                "hint: `--cert FILE`",
            ],
        );
    }
}

#[test]
fn only_the_certificates_of_the_file_are_trusted() {
    let sandbox = Sandbox::new();
    let shown = client(&sandbox);
    let (server, own) = WebServer::start_mutual_tls(&shown);
    sandbox.write("server.pem", own);
    let showing = ["--cert", "both.pem"];
    let url = server.url("/");
    let other = [&[url.as_str(), "--cacert", "cert.pem"], &showing[..]].concat();
    let run = short(&sandbox, &other, 4);
    says(
        &run,
        &[
            "signed by nobody that this machine trusts",
            "`--cacert FILE`",
        ],
    );
    let place = format!("elsewhere.test:{}:127.0.0.1", server.address.port());
    let url = format!("https://elsewhere.test:{}/", server.address.port());
    let named = [&url, "--cacert", "server.pem", "--resolve", &place];
    let run = short(&sandbox, &[&named[..], &showing].concat(), 4);
    says(
        &run,
        &["the server's certificate is for another name", "`--resolve"],
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_machine_without_authorities_says_so() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start_tls());
    let run = Run::of(
        sandbox
            .command(["loadtest", &server.url("/"), "--requests", "2"])
            .env("SSL_CERT_FILE", "none.pem")
            .env("SSL_CERT_DIR", "none"),
    );
    says(
        &run.expect(4),
        &[
            "no TLS connection to",
            "this machine has no certificates of authorities",
            "hint: `--cacert FILE`",
        ],
    );
}

#[test]
fn files_without_a_certificate_or_its_key_are_refused_together() {
    let sandbox = Sandbox::new();
    client(&sandbox);
    let other = rcgen::generate_simple_self_signed(vec!["other".to_owned()]).expect("made");
    sandbox.write(
        "other.pem",
        pem("PRIVATE KEY", &other.signing_key.serialize_der()),
    );
    sandbox.write("text.pem", "hello\n");
    let encrypted =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    sandbox.write("encrypted.pem", encrypted);
    let url = "https://127.0.0.1:1/";
    for (arguments, wanted) in [
        (
            &[
                "--cacert", "text.pem", "--cert", "text.pem", "--key", "key.pem",
            ][..],
            &[
                "`--cacert`: `text.pem` holds no certificate",
                "`--cert`: `text.pem` holds no",
                "2 faults",
            ][..],
        ),
        (
            &["--cert", "cert.pem"],
            &["`cert.pem` holds no private key", "hint: `--key FILE`"],
        ),
        (
            &["--cert", "cert.pem", "--key", "other.pem"],
            &["`--key`: `other.pem` holds the private key of another certificate"],
        ),
        (
            &["--cert", "cert.pem", "--key", "encrypted.pem"],
            &["is encrypted", "openssl pkey"],
        ),
        (&["--cert", "none.pem"], &["cannot read `none.pem`"]),
    ] {
        let run = short(&sandbox, &[&[url], arguments].concat(), 2);
        says(&run, wanted);
    }
}

#[test]
fn a_place_where_nothing_answers_is_named() {
    let sandbox = Sandbox::new();
    let server = WebServer::start();
    let url = server.url("/");
    let run = short(
        &sandbox,
        &[&url, "--proxy", "http://me:s3cret@127.0.0.1:1"],
        4,
    );
    says(
        &run,
        &[
            "nothing answers at the proxy `http://me:***@127.0.0.1:1`",
            "refused",
        ],
    );
    assert!(!run.stderr.contains("s3cret"), "{}", run.stderr);
    let run = short(&sandbox, &[&url, "--proxy", "socks5://127.0.0.1:1"], 2);
    says(&run, &["`socks5://127.0.0.1:1` is no value of `--proxy`"]);
    assert_eq!(server.requests(), 0);
    #[cfg(unix)]
    {
        let run = short(&sandbox, &[&url, "--unix-socket", "none.sock"], 4);
        says(
            &run,
            &[
                "nothing answers at the socket `none.sock`",
                "--unix-socket none.sock",
            ],
        );
    }
}

#[test]
fn redirects_that_go_in_a_circle_are_counted_as_such() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let url = server.url("/circle");
    let flags = [url.as_str(), "--follow", "3", "--requests", "20"];
    let report = json(&sandbox, &flags, 1);
    let result = &report["results"][0];
    assert_eq!(result["requests"]["failed"], 20);
    assert_eq!(result["errors"]["redirects"], 20, "{result:#}");
    // Each is the request and the three that are followed.
    assert_eq!(server.requests(), 80);
    let run = short(&sandbox, &flags[..3], 1);
    says(
        &run,
        &[
            "more redirects than `--follow` allows",
            &format!("hint: `curl -sIL {url}` shows where they lead"),
        ],
    );
}

#[test]
fn a_language_that_the_server_does_not_speak_is_named() {
    let sandbox = Sandbox::new();
    let (tls, http2) = (WebServer::start_tls(), WebServer::start_http2_tls());
    let run = short(&sandbox, &[&tls.url("/"), "--insecure", "--http2"], 4);
    says(
        &run,
        &[
            "the server does not offer HTTP/2",
            "hint: without `--http2`",
        ],
    );
    let run = short(&sandbox, &[&http2.url("/"), "--insecure"], 4);
    says(&run, &["the server offers HTTP/2 alone", "hint: `--http2`"]);
    let run = short(&sandbox, &[&tls.url("/").replace("https:", "http:")], 1);
    says(&run, &["does the port speak TLS"]);
}
