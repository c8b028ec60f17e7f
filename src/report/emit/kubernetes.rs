//! An Indexed Job whose pods are the shards, and a Job that waits for their reports, adds them up and
//! judges the sum by its exit code.

use std::io::{self, Write};
use std::time::{Duration, SystemTime};

use super::{Recipe, quoted, time};
use crate::loadtest::schedule::Stage;

const NAME: &str = "backsmith-load";
const SECRET: &str = "backsmith-load-secrets";
/// How long pods may take to be scheduled before the merge gives up on them.
const SCHEDULING: Duration = Duration::from_mins(10);

/// The longest time that `--wait` takes.
const LONGEST: Duration = Duration::from_hours(168);

pub fn write(out: &mut dyn Write, recipe: &Recipe) -> io::Result<()> {
    head(out, recipe)?;
    claim(out)?;
    shards(out, recipe)?;
    merge(out, recipe)
}

fn head(out: &mut dyn Write, recipe: &Recipe) -> io::Result<()> {
    writeln!(
        out,
        "# A load test in {} shards, and a Job that adds their reports up and judges the sum.",
        recipe.shards
    )?;
    writeln!(out, "#")?;
    writeln!(out, "#   kubectl apply -f FILE")?;
    writeln!(
        out,
        "#   kubectl wait --for=condition=complete --timeout=1h job/{NAME}-merge"
    )?;
    writeln!(
        out,
        "#   kubectl logs job/{NAME}-merge      # the report; the Job fails when an expectation does"
    )?;
    writeln!(
        out,
        "#   kubectl delete -f FILE             # before the next run: old reports would be added up"
    )?;
    let secrets = secrets(recipe);
    if !secrets.is_empty() {
        writeln!(out, "#")?;
        writeln!(out, "# Create the Secret first:")?;
        write!(out, "#   kubectl create secret generic {SECRET}")?;
        for (key, flag) in &secrets {
            write!(out, " \\\n#     {flag}={key}=...")?;
        }
        writeln!(out)?;
    }
    if recipe.start_at.is_none() && recipe.shards > 1 {
        writeln!(out, "#")?;
        writeln!(
            out,
            "# Each shard starts when its pod does; `--start-at` starts them at one instant."
        )?;
    }
    Ok(())
}

/// (key of the Secret, flag of kubectl).
fn secrets(recipe: &Recipe) -> Vec<(String, &'static str)> {
    let mut secrets = Vec::new();
    if recipe.has_secret_url() {
        secrets.push(("TARGET_URL".to_owned(), "--from-literal"));
    }
    let named = recipe.headers().into_iter().filter_map(|(_, name)| name);
    secrets.extend(named.map(|name| (name, "--from-literal")));
    if recipe.body.is_some() {
        secrets.push(("body".to_owned(), "--from-file"));
    }
    secrets
}

fn claim(out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "---")?;
    writeln!(out, "apiVersion: v1")?;
    writeln!(out, "kind: PersistentVolumeClaim")?;
    writeln!(out, "metadata:")?;
    writeln!(out, "  name: {NAME}-results")?;
    writeln!(out, "spec:")?;
    writeln!(
        out,
        "  # All pods write to it: the storage class must offer ReadWriteMany."
    )?;
    writeln!(out, "  accessModes: [ReadWriteMany]")?;
    writeln!(out, "  resources:")?;
    writeln!(out, "    requests:")?;
    writeln!(out, "      storage: 1Gi")
}

fn shards(out: &mut dyn Write, recipe: &Recipe) -> io::Result<()> {
    writeln!(out, "---")?;
    writeln!(out, "apiVersion: batch/v1")?;
    writeln!(out, "kind: Job")?;
    writeln!(out, "metadata:")?;
    writeln!(out, "  name: {NAME}")?;
    writeln!(out, "spec:")?;
    writeln!(out, "  completionMode: Indexed")?;
    writeln!(out, "  completions: {}", recipe.shards)?;
    writeln!(out, "  parallelism: {}", recipe.shards)?;
    writeln!(
        out,
        "  # A shard is never run twice, and one that fails does not stop the others."
    )?;
    writeln!(out, "  backoffLimitPerIndex: 0")?;
    writeln!(out, "  template:")?;
    writeln!(out, "    metadata:")?;
    writeln!(out, "      labels:")?;
    writeln!(out, "        app.kubernetes.io/name: {NAME}")?;
    writeln!(out, "    spec:")?;
    pod(out)?;
    writeln!(out, "      affinity:")?;
    writeln!(out, "        podAntiAffinity:")?;
    writeln!(
        out,
        "          preferredDuringSchedulingIgnoredDuringExecution:"
    )?;
    writeln!(out, "            - weight: 100")?;
    writeln!(out, "              podAffinityTerm:")?;
    writeln!(out, "                topologyKey: kubernetes.io/hostname")?;
    writeln!(out, "                labelSelector:")?;
    writeln!(out, "                  matchLabels:")?;
    writeln!(out, "                    app.kubernetes.io/name: {NAME}")?;
    container(out, "shard", recipe, &shard_arguments(recipe))?;
    writeln!(out, "          env:")?;
    writeln!(out, "            - name: JOB_COMPLETION_INDEX")?;
    writeln!(out, "              valueFrom:")?;
    writeln!(out, "                fieldRef:")?;
    writeln!(
        out,
        "                  fieldPath: metadata.annotations['batch.kubernetes.io/job-completion-index']"
    )?;
    for (key, _) in secrets(recipe).iter().filter(|(key, _)| key != "body") {
        writeln!(out, "            - name: {key}")?;
        writeln!(out, "              valueFrom:")?;
        writeln!(out, "                secretKeyRef:")?;
        writeln!(out, "                  name: {SECRET}")?;
        writeln!(out, "                  key: {key}")?;
    }
    let has_body = recipe.body.is_some();
    mounts(out, has_body)?;
    if has_body {
        writeln!(out, "        - name: body")?;
        writeln!(out, "          secret:")?;
        writeln!(out, "            secretName: {SECRET}")?;
        writeln!(out, "            items:")?;
        writeln!(out, "              - key: body")?;
        writeln!(out, "                path: body")?;
    }
    Ok(())
}

fn merge(out: &mut dyn Write, recipe: &Recipe) -> io::Result<()> {
    writeln!(out, "---")?;
    writeln!(out, "apiVersion: batch/v1")?;
    writeln!(out, "kind: Job")?;
    writeln!(out, "metadata:")?;
    writeln!(out, "  name: {NAME}-merge")?;
    writeln!(out, "spec:")?;
    writeln!(out, "  backoffLimit: 0")?;
    writeln!(out, "  template:")?;
    writeln!(out, "    spec:")?;
    pod(out)?;
    container(out, "merge", recipe, &merge_arguments(recipe))?;
    mounts(out, false)
}

fn pod(out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "      restartPolicy: Never")?;
    writeln!(out, "      automountServiceAccountToken: false")?;
    writeln!(out, "      securityContext:")?;
    writeln!(out, "        runAsNonRoot: true")?;
    for field in ["runAsUser", "runAsGroup", "fsGroup"] {
        writeln!(out, "        {field}: 10001")?;
    }
    writeln!(out, "        seccompProfile:")?;
    writeln!(out, "          type: RuntimeDefault")
}

fn container(
    out: &mut dyn Write,
    name: &str,
    recipe: &Recipe,
    arguments: &[String],
) -> io::Result<()> {
    writeln!(out, "      containers:")?;
    writeln!(out, "        - name: {name}")?;
    writeln!(out, "          image: {}", quoted(&recipe.image))?;
    writeln!(out, "          command: [\"backsmith\"]")?;
    writeln!(out, "          args:")?;
    for argument in arguments {
        writeln!(out, "            - {}", quoted(argument))?;
    }
    writeln!(out, "          resources:")?;
    writeln!(out, "            requests:")?;
    writeln!(out, "              cpu: \"1\"")?;
    writeln!(out, "              memory: 128Mi")?;
    writeln!(out, "          securityContext:")?;
    writeln!(out, "            allowPrivilegeEscalation: false")?;
    writeln!(out, "            capabilities:")?;
    writeln!(out, "              drop: [ALL]")
}

fn mounts(out: &mut dyn Write, has_body: bool) -> io::Result<()> {
    writeln!(out, "          volumeMounts:")?;
    writeln!(out, "            - name: results")?;
    writeln!(out, "              mountPath: /results")?;
    if has_body {
        writeln!(out, "            - name: body")?;
        writeln!(out, "              mountPath: /request")?;
        writeln!(out, "              readOnly: true")?;
    }
    writeln!(out, "      volumes:")?;
    writeln!(out, "        - name: results")?;
    writeln!(out, "          persistentVolumeClaim:")?;
    writeln!(out, "            claimName: {NAME}-results")
}

/// Kubernetes expands `$(NAME)` in arguments and reads every `$$` as `$`; what the user typed must
/// stay as it is. Source: third_party/forked/golang/expansion in Kubernetes.
fn literal(text: &str) -> String {
    text.replace('$', "$$")
}

fn shard_arguments(recipe: &Recipe) -> Vec<String> {
    let load = &recipe.load;
    let mut arguments = vec!["loadtest".to_owned()];
    arguments.push(if recipe.has_secret_url() {
        "$(TARGET_URL)".to_owned()
    } else {
        literal(recipe.url.expose())
    });
    let mut flag = |name: &str, value: String| arguments.extend([name.to_owned(), value]);
    flag("--method", recipe.method.clone());
    for (header, variable) in recipe.headers() {
        let value = match variable {
            Some(variable) => format!("$({variable})"),
            None => literal(header.expose()),
        };
        flag("--header", format!("{}: {value}", literal(&header.name)));
    }
    if recipe.body.is_some() {
        flag("--body", "@/request/body".to_owned());
    }
    flag("--timeout", time(load.timeout));
    flag("--concurrency", load.connections.to_string());
    match (&load.rate, load.stages.as_slice()) {
        (Some(rate), []) => flag("--rate", rate.to_string()),
        (Some(_), stages) => flag("--stages", staged(stages)),
        (None, _) => {}
    }
    match (load.requests, load.duration) {
        (Some(requests), _) => flag("--requests", requests.to_string()),
        (None, Some(duration)) if load.stages.is_empty() => flag("--duration", time(duration)),
        (None, _) => {}
    }
    if !load.warmup.is_zero() {
        flag("--warmup", time(load.warmup));
    }
    if recipe.redirects > 0 {
        flag("--follow", recipe.redirects.to_string());
    }
    for there in &recipe.resolve {
        let (host, port, address) = (&there.host, there.port, there.address);
        flag("--resolve", format!("{host}:{port}:{address}"));
    }
    if let Some(threads) = recipe.threads {
        flag("--threads", threads.to_string());
    }
    if let Some(drawn) = &load.drawn {
        flag("--seed", drawn.seed.to_string());
    }
    if let Some(status) = recipe.asked.status {
        flag("--expect-status", status.to_string());
    }
    if let Some(start_at) = recipe.start_at {
        flag("--start-at", instant(start_at));
    }
    flag("--shards", recipe.shards.to_string());
    flag(
        "--output",
        "/results/shard-$(JOB_COMPLETION_INDEX).json".to_owned(),
    );
    for (given, name) in [
        (recipe.http2, "--http2"),
        (recipe.insecure, "--insecure"),
        (recipe.no_keep_alive, "--no-keep-alive"),
        (recipe.cookies, "--cookies"),
        (recipe.compressed, "--compressed"),
        (recipe.yes, "--yes"),
    ] {
        if given {
            arguments.push(name.to_owned());
        }
    }
    arguments
}

/// As `--stages` reads them.
fn staged(stages: &[Stage]) -> String {
    let one = |stage: &Stage| {
        let rates = if stage.from.to_bits() == stage.to.to_bits() {
            stage.from.to_string()
        } else {
            format!("{}..{}", stage.from, stage.to)
        };
        format!("{}:{rates}", time(stage.duration))
    };
    stages.iter().map(one).collect::<Vec<_>>().join(",")
}

/// With its date: a time of day would be another day's later on.
fn instant(at: SystemTime) -> String {
    jiff::Timestamp::try_from(at).map_or_else(|_| String::new(), |at| at.to_string())
}

/// From the writing of the manifest to the last report: until the start, the load itself, and what
/// pods and answers may take.
fn wait(recipe: &Recipe) -> Duration {
    let load = &recipe.load;
    let measured = match (load.duration, load.requests, load.rate) {
        (Some(duration), _, _) => duration,
        (None, Some(requests), Some(rate)) => {
            let seconds = requests as f64 / rate;
            Duration::try_from_secs_f64(seconds.ceil()).unwrap_or(LONGEST)
        }
        // How long a number of requests takes is the server's affair.
        (None, _, _) => Duration::from_hours(1),
    };
    let start = recipe
        .start_at
        .and_then(|start| start.duration_since(recipe.written_at).ok());
    let until_start = Duration::from_secs(start.map_or(0, |ahead| ahead.as_secs() + 1));
    let parts = [measured, load.warmup, load.timeout, SCHEDULING];
    let all = parts
        .into_iter()
        .fold(until_start, Duration::saturating_add);
    all.min(LONGEST)
}

fn merge_arguments(recipe: &Recipe) -> Vec<String> {
    let mut arguments = vec!["loadtest".to_owned(), "--merge".to_owned()];
    arguments.extend((0..recipe.shards).map(|index| format!("/results/shard-{index}.json")));
    arguments.extend(["--wait".to_owned(), time(wait(recipe))]);
    for expectation in &recipe.asked.expectations {
        arguments.extend(["--expect".to_owned(), literal(&expectation.expression)]);
    }
    if let Some(status) = recipe.asked.status {
        arguments.extend(["--expect-status".to_owned(), status.to_string()]);
    }
    if recipe.strict {
        arguments.push("--strict".to_owned());
    }
    arguments.extend(["--report", "/results/merged.json"].map(str::to_owned));
    arguments
}
