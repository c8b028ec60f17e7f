//! `backsmith loadtest`.

use std::path::PathBuf;

use clap::Args;

const EXAMPLES: &str = "\
\u{1b}[1mExamples\u{1b}[0m
  backsmith loadtest https://api.example.com/users --concurrency 50 --duration 30
  backsmith loadtest https://api.example.com/users --rate 1000 --expect 'p99<200ms'
  backsmith loadtest $URL_V1 $URL_V2 --compare --concurrency 50 --duration 30
";

const LONG_EXAMPLES: &str = "\
\u{1b}[1mExamples\u{1b}[0m
  How fast can it go?
    backsmith loadtest https://api.example.com/users --concurrency 50 --duration 30
  Does it hold 1,000 requests per second?
    backsmith loadtest https://api.example.com/users --rate 1000 --expect 'p99<200ms'
  How much does it hold, and how many instances does that make?
    backsmith loadtest https://api.example.com/users --find-capacity --expect 'p99<50ms'
  Is v2 slower than v1?
    backsmith loadtest $URL_V1 $URL_V2 --compare --concurrency 50 --duration 30
  Is it slower than last time?
    backsmith loadtest $URL --json > baseline.json
    backsmith loadtest $URL --compare baseline.json
  Does validation hold? Does the rate limit bite?
    backsmith loadtest $URL/users -b '{\"email\": \"not-an-email\"}' --expect-status 400
    backsmith loadtest $URL/login --concurrency 200 --duration 10 --expect-rate-limit
  Does the server keep its own description? What does each operation ask of the database?
    backsmith loadtest $URL --spec openapi.yaml --invalid
    backsmith loadtest $URL --spec openapi.yaml --database $DATABASE_URL
";

const SHORT_END: &str = "Common options, exit status and longer text: backsmith loadtest --help";

const EXIT_STATUS: &str = "\
\u{1b}[1mExit status\u{1b}[0m
  0  done, nothing to object; also for better, same and cannot tell
  1  an expectation failed, worse, or no 2xx or 3xx answer that was not asked for
  2  usage; a baseline that is missing or no report
  3  the measurement is not valid, with --strict; a load on a foreign host without --yes
  4  nothing answered
  130, 143  interrupted, after the partial report";

const REQUEST: &str = "Request";
const DESCRIPTION: &str = "From the API's description";
const LOAD: &str = "Load";
const VERDICT: &str = "Verdict";
const SCALE_OUT: &str = "Scale out";
const REPORT: &str = "Report";
const SAFETY: &str = "Safety";

/// Load an HTTP endpoint and say whether it holds
///
/// Without --rate the load is a closed loop: each connection sends its next request when it has its
/// answer, so a slow server is asked less often, and percentiles are service times at saturation.
/// With --rate requests are due on a schedule, and latency counts from the moment each one was due.
#[derive(Clone, Debug, Args)]
#[command(
    help_template = super::HELP_TEMPLATE,
    before_help = EXAMPLES,
    before_long_help = LONG_EXAMPLES,
    after_help = SHORT_END,
    after_long_help = EXIT_STATUS
)]
pub struct Loadtest {
    /// http:// or https://; two of them with --compare
    #[arg(value_name = "URL", help_heading = REQUEST)]
    pub urls: Vec<String>,

    /// GET, POST, ... [default: GET, or POST with a body]
    ///
    /// Any method of HTTP.
    /// [default: GET, or POST with a body]
    #[arg(short, long, value_name = "METHOD", help_heading = REQUEST)]
    pub method: Option<String>,

    /// Repeatable; its value is never printed
    ///
    /// Repeatable. Values are sent and never printed, in no report and no error.
    #[arg(short = 'H', long, value_name = "NAME: VALUE", allow_hyphen_values = true, help_heading = REQUEST)]
    pub header: Vec<String>,

    /// @FILE reads a file, @- standard input
    ///
    /// @FILE reads a file, @- standard input. JSON goes out as application/json unless a header says otherwise.
    #[arg(short, long, value_name = "TEXT", allow_hyphen_values = true, help_heading = REQUEST)]
    pub body: Option<String>,

    /// Requests of a file, chosen by their weights
    ///
    /// A request on each line: [WEIGHT] [METHOD] URL [@BODYFILE]; # begins a comment. Paths alone are
    /// put below the URL of the command line, hosts may differ. A .yaml or .json file is a list of
    /// mappings with url, and name, weight, method, headers, body, body_file, status. Each request is
    /// reported for itself, and --expect 'NAME: p99<200ms' judges one.
    #[arg(long = "urls", value_name = "FILE", conflicts_with_all = ["method", "body", "expect_rate_limit"], help_heading = REQUEST)]
    pub urls_file: Option<PathBuf>,

    /// Rows for {{csv.column}} in URL, header and body
    ///
    /// A table with a line of names. URL, header values and body may hold {{csv.column}}, {{uuid}},
    /// {{seq}} (from 1, once over all workers and shards), {{int 1 100}} and {{env.NAME}}. Values are
    /// percent-encoded in a URL and a form body and escaped in a JSON body; {{csv.column raw}} is not;
    /// \\{{ is text.
    #[arg(long, value_name = "FILE", help_heading = REQUEST)]
    pub csv: Option<PathBuf>,

    /// in-order or random [default: in-order]
    ///
    /// in-order takes one row after another, over all workers and shards, and begins again after the
    /// last; random draws one for each request.
    /// [default: in-order]
    #[arg(long, value_name = "ORDER", requires = "csv", help_heading = REQUEST)]
    pub csv_order: Option<String>,

    /// Choose and draw as in an earlier run
    ///
    /// Requests by weight, {{uuid}}, {{int}}, random rows and what --spec makes up follow from this
    /// number; the report shows the one that was drawn. With --spec and in shards it is 1 unless given.
    #[arg(long, value_name = "N", help_heading = REQUEST)]
    pub seed: Option<String>,

    /// For each request [default: 30s]
    ///
    /// How long a request may take, connecting included. A request that times out stays in the
    /// percentiles with the time that it took.
    /// [default: 30s]
    #[arg(long, value_name = "TIME", allow_negative_numbers = true, help_heading = REQUEST)]
    pub timeout: Option<String>,

    /// Speak HTTP/2
    ///
    /// Speak HTTP/2: over TLS by negotiation, else from the first byte.
    #[arg(long, conflicts_with_all = ["follow", "proxy", "cookies", "compressed"], help_heading = REQUEST)]
    pub http2: bool,

    /// Accept any certificate
    #[arg(long, conflicts_with = "cacert", help_heading = REQUEST)]
    pub insecure: bool,

    /// PEM of the certificates to trust, in place of this machine's
    ///
    /// PEM of the certificates to trust, in place of those that this machine trusts. The server's own
    /// certificate may be among them: it is then accepted as it is, under its names.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["emit", "merge"], help_heading = REQUEST)]
    pub cacert: Option<PathBuf>,

    /// PEM of the client's certificate, for a server that asks for one
    ///
    /// PEM of the client's certificate and those that signed it, for a server that asks for one. The
    /// private key may stand in the same file.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["emit", "merge"], help_heading = REQUEST)]
    pub cert: Option<PathBuf>,

    /// PEM of the private key of --cert
    #[arg(long, value_name = "FILE", requires = "cert", help_heading = REQUEST)]
    pub key: Option<PathBuf>,

    /// Follow up to N redirects; without it a redirect is the answer
    ///
    /// Follow up to N redirects; without it a redirect is the answer. This flag and the next three
    /// use a general engine that costs several times the CPU; the report names it.
    #[arg(long, value_name = "N", help_heading = REQUEST)]
    pub follow: Option<String>,

    /// Send everything through this proxy
    #[arg(long, value_name = "URL", help_heading = REQUEST)]
    pub proxy: Option<String>,

    /// Keep the cookies that the server sets
    #[arg(long, help_heading = REQUEST)]
    pub cookies: bool,

    /// Ask for compressed answers, and unpack them
    #[arg(long, help_heading = REQUEST)]
    pub compressed: bool,

    /// A new connection for each request
    #[arg(long, help_heading = REQUEST)]
    pub no_keep_alive: bool,

    /// Use this address in place of the resolver's; repeatable
    #[arg(long, value_name = "HOST:PORT:ADDRESS", help_heading = REQUEST)]
    pub resolve: Vec<String>,

    /// Connect to this socket, whatever the host of the URL
    #[arg(long, value_name = "PATH", help_heading = REQUEST)]
    pub unix_socket: Option<PathBuf>,

    /// Requests from an OpenAPI document; URL stands for its server
    ///
    /// A file or a URL of an OpenAPI document. Each operation is asked one by one first, with up to 8
    /// requests that keep its rules (examples of the document, what is required alone, then values made
    /// up from --seed), and its answers are checked against the document; then the requests that
    /// succeeded are the load, in turn. Ids in a path (/users/{id}) are those that answers of other
    /// operations showed, by the document's links or by their names; what deletes gets only what the
    /// run created. URL stands for the server, base path included. Operations that cannot be served are listed with the
    /// reason; those that change data are sent to this machine and to private addresses, elsewhere
    /// only with --yes. A disagreement between server and document exits 1.
    #[arg(long, value_name = "DOCUMENT", conflicts_with_all = ["method", "body", "merge", "urls_file", "csv", "find_capacity", "emit", "expect_status", "expect_rate_limit"], help_heading = DESCRIPTION)]
    pub spec: Option<String>,

    /// Also send requests that break the document
    ///
    /// Also send requests that break the document in one place each: something required is missing, a
    /// type is wrong, a number is out of its range, JSON is malformed. All of them before the load, and
    /// some of each operation within it, where SHARE of all requests are invalid: on top of --rate and
    /// --requests, and in no figure of the valid ones. The answer must be 4xx; 5xx is a finding, and so
    /// is an answer that accepts it. --invalid=0 sends them before the load alone.
    /// [default of SHARE: 5%]
    #[arg(long, value_name = "SHARE", num_args = 0..=1, require_equals = true, default_missing_value = "5%", requires = "spec", help_heading = DESCRIPTION)]
    pub invalid: Option<String>,

    /// An operation's part of the load; repeatable [default: 1]
    ///
    /// OPERATION=N: an operation's part of the load, over the sum of all; 0 leaves it out of the load.
    /// Repeatable. An operation is named by its operationId, or by 'METHOD /path'.
    /// [default: 1]
    #[arg(long, value_name = "OPERATION=N", requires = "spec", help_heading = DESCRIPTION)]
    pub weight: Vec<String>,

    /// The server's PostgreSQL: queries per request, measured
    ///
    /// The PostgreSQL behind the server: pg_stat_statements before and after, hence queries per
    /// request, with --spec for each operation. Nothing is written there. Other clients of the same
    /// database count too.
    #[arg(long, value_name = "URL", conflicts_with_all = ["merge", "find_capacity", "emit"], help_heading = DESCRIPTION)]
    pub database: Option<String>,

    /// Connections [default: 50]
    ///
    /// Connections. Each has one request under way.
    /// [default: 50]
    #[arg(short, long, value_name = "N", allow_hyphen_values = true, help_heading = LOAD)]
    pub concurrency: Option<String>,

    /// 30, 30s, 2m [default: 30s]
    ///
    /// 30, 30s, 2m: how long the measured part takes. With two URLs, both share it.
    /// [default: 30s]
    #[arg(short, long, value_name = "TIME", allow_negative_numbers = true, help_heading = LOAD)]
    pub duration: Option<String>,

    /// Stop after N requests
    #[arg(long, value_name = "N", conflicts_with = "duration", allow_negative_numbers = true, help_heading = LOAD)]
    pub requests: Option<String>,

    /// Open loop: N requests per second, whatever the server does
    ///
    /// Open loop. An idle connection takes the next request that is due; when none is idle the
    /// request waits, and the wait is part of its latency. Unsent requests are reported.
    #[arg(long, value_name = "N", allow_hyphen_values = true, help_heading = LOAD)]
    pub rate: Option<String>,

    /// Open loop in steps
    ///
    /// Open loop, one stage after another: 10s:100,30s:1000 is 10 seconds at 100 requests a second,
    /// then 30 seconds at 1,000. The rate steps from stage to stage; 30s:100..1000 goes from 100 to
    /// 1,000 in a straight line, and 10s:0 is a pause. One schedule for the whole run: as many requests
    /// are due as the integral of the rate. Latency counts from the moment each one was due, and the
    /// report shows each stage apart.
    #[arg(long, value_name = "TIME:RATE,..", conflicts_with_all = ["rate", "duration", "requests"], help_heading = LOAD)]
    pub stages: Option<String>,

    /// Raise the rate until an expectation breaks
    ///
    /// Raise the rate in steps until an --expect or the --slo breaks, and report the highest rate that
    /// held, the knee, how many requests were in flight there (Little's law), and how many instances a
    /// load takes. Without an expectation it is 'p99<1s' and 'error_rate<1%'; that all requests are
    /// answered in time is always one. An 'rps>=1000' is asked of the result. --duration is for each step
    /// [default: 20s], with a tenth of it before as --warmup; at most 16 steps, after a short closed loop.
    /// [default --concurrency: 512]
    #[arg(long, conflicts_with_all = ["rate", "stages", "requests", "compare", "expect_rate_limit", "shard", "shards", "start_at"], help_heading = LOAD)]
    pub find_capacity: bool,

    /// Reported apart [default: 0s]
    ///
    /// Load before the measured part; its figures are in no percentile.
    /// [default: 0s]
    #[arg(long, value_name = "TIME", allow_negative_numbers = true, help_heading = LOAD)]
    pub warmup: Option<String>,

    /// [default: as many as the load needs]
    #[arg(long, value_name = "N", allow_hyphen_values = true, help_heading = LOAD)]
    pub threads: Option<String>,

    /// 'p99<200ms', 'error_rate<1%', 'rps>1000'; repeatable
    ///
    /// METRIC OPERATOR VALUE; NAME: before it is one request of --urls, or one operation of --spec. Metrics: rps, error_rate, p50, p90, p95, p99, p99.9, max, mean.
    /// Operators: < <= > >=. Units: us, ms, s, %. Repeatable; exit 1 when one fails.
    #[arg(long, value_name = "CONDITION", help_heading = VERDICT)]
    pub expect: Vec<String>,

    /// Every answer has this status
    ///
    /// Every answer has this status, else exit 1. Answers of this status are no errors then.
    #[arg(long, value_name = "CODE", allow_negative_numbers = true, help_heading = VERDICT)]
    pub expect_status: Option<String>,

    /// A rate limit must bite, with correct headers, and recover
    ///
    /// 429s must come, with a correct Retry-After, the limit must hold, and it must let requests
    /// through again. Its window and quota are inferred and set against what the headers declare.
    #[arg(long, conflicts_with = "expect_status", help_heading = VERDICT)]
    pub expect_rate_limit: bool,

    /// Against a second URL, or an earlier --json report
    ///
    /// With two URLs, both are loaded in turn in one run (ABBA blocks). With a file, against an
    /// earlier --json report. Verdicts: better, worse, same, cannot tell. Worse exits 1.
    #[arg(long, value_name = "BASELINE", num_args = 0..=1, help_heading = VERDICT)]
    pub compare: Option<Option<String>>,

    /// Differences below this do not matter [default: 5]
    ///
    /// Differences below this many per cent do not matter. For the error rate it is a tenth of it,
    /// in points.
    /// [default: 5]
    #[arg(long, value_name = "PERCENT", allow_negative_numbers = true, help_heading = VERDICT)]
    pub margin: Option<String>,

    /// The SLO floor of a decide result
    ///
    /// A result of `backsmith decide --json`: its SLO floor becomes expectations.
    #[arg(long, value_name = "FILE", help_heading = VERDICT)]
    pub slo: Option<PathBuf>,

    /// Exit 3 when the measurement is not valid
    #[arg(long, help_heading = VERDICT)]
    pub strict: bool,

    /// Run one part of the load
    ///
    /// Run one part of the load: rate, schedule and requests are divided by N, and the connections of
    /// a closed loop. --merge adds the parts up again.
    #[arg(long, value_name = "I/N", help_heading = SCALE_OUT)]
    pub shard: Option<String>,

    /// As --shard I/N, with I from JOB_COMPLETION_INDEX
    ///
    /// As --shard I/N, with I from JOB_COMPLETION_INDEX, which Kubernetes sets in the pods of an
    /// Indexed Job. With --emit kubernetes, the number of pods.
    #[arg(long, value_name = "N", conflicts_with = "shard", allow_hyphen_values = true, help_heading = SCALE_OUT)]
    pub shards: Option<String>,

    /// Start all shards together
    ///
    /// Connect shortly before, and send the first request at this instant: 2027-07-15T12:00:00Z,
    /// 12:00:00Z or seconds since 1970. An instant that is past, or more than 24 hours ahead, is
    /// refused. The machines' clocks decide how well they agree.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, help_heading = SCALE_OUT)]
    pub start_at: Option<String>,

    /// Add up the shards' reports and judge the sum
    ///
    /// Add up the --json reports of shards, histogram by histogram and second by second, and judge
    /// the sum by the expectations that are given here. Nothing is sent. Reports of other loads, of
    /// another version, of the same shard twice or without one of the shards are refused.
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with = "urls", help_heading = SCALE_OUT)]
    pub merge: Vec<PathBuf>,

    /// With --merge: wait this long for the files
    ///
    /// With --merge: wait this long until all files are there.
    #[arg(long, value_name = "TIME", allow_negative_numbers = true, help_heading = SCALE_OUT)]
    pub wait: Option<String>,

    /// Print what runs this load elsewhere: kubernetes, k6
    ///
    /// Print what runs this load elsewhere, and send nothing. kubernetes: an Indexed Job of --shards
    /// pods and the Job that merges their reports. k6: a script with scenarios and thresholds.
    /// Bodies, values of headers and other secrets are references, never literals.
    #[arg(long, value_name = "TARGET", help_heading = SCALE_OUT)]
    pub emit: Option<String>,

    /// Image of --emit kubernetes, a placeholder for yours
    ///
    /// The container image that --emit kubernetes names: a placeholder for the one that you build, with
    /// the program on its PATH.
    /// [default: registry.example.com/backsmith:VERSION]
    #[arg(long, value_name = "IMAGE", requires = "emit", help_heading = SCALE_OUT)]
    pub image: Option<String>,

    /// Write the report to this file, not to standard output
    ///
    /// Write the report to this file, in the format of its ending, and not to standard output. CSV has
    /// the seconds of the run and the requests of a list; rates of a search, stages and operations of a
    /// description are in the other formats, and all of them in JSON.
    #[arg(short, long, value_name = "FILE", help_heading = REPORT)]
    pub output: Option<PathBuf>,

    /// Allow a heavy load on a host that is not yours to see
    ///
    /// Needed for more than 1,000 connections or 10,000 req/s against a host that is neither
    /// loopback nor a private address.
    #[arg(long, help_heading = SAFETY)]
    pub yes: bool,
}
