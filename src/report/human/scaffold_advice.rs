//! What to do next with a generated service.

use crate::scaffold::{Outcome, OutcomeMode};

/// The next step: (label, text).
pub fn advice(outcome: &Outcome) -> Vec<(&'static str, String)> {
    let mut advice = Vec::new();
    match outcome.verdict() {
        "conflict" => {
            advice.push((
                "hint",
                "change the document in place of the generated file, or give up the edit with `--force`\n\
                 (generated files only; your own files are never overwritten)"
                    .to_owned(),
            ));
            return advice;
        }
        "out-of-date" => {
            advice.push((
                "hint",
                "run the same command without `--check` and commit the result; `--dry-run` shows the lines".to_owned(),
            ));
            return advice;
        }
        _ => {}
    }
    if !outcome.not_enforced.is_empty() {
        advice.push((
            "hint",
            "`--strict` turns this list into an error (exit 2)".to_owned(),
        ));
    }
    let first = outcome
        .operations
        .first()
        .map(|operation| operation.handler.as_str());
    if outcome.mode == OutcomeMode::Write && !outcome.rerun && !outcome.operations.is_empty() {
        let begin = first.map_or_else(String::new, |file| format!(" Start in {file}."));
        let jwt = outcome
            .schemes
            .iter()
            .any(|scheme| scheme.ends_with("(JWT)"));
        let enter = enter(outcome);
        if outcome.source.database.is_some() {
            advice.push(("next", database_advice(outcome, jwt)));
        } else if outcome.project {
            let copy = if jwt { "cp .env.example .env && " } else { "" };
            advice.push((
                "next",
                format!("{enter}npm install && {copy}npm start\nA handler that is not written yet answers 501.{begin}"),
            ));
        } else {
            let (packages, mount) = mounting(outcome, jwt);
            advice.push(("next", format!("{enter}npm install {packages}\n{mount}\nA handler that is not written yet answers 501.{begin}")));
        }
    }
    advice
}

/// The way into the project, when the run was started elsewhere.
fn enter(outcome: &Outcome) -> String {
    match outcome.folder.as_str() {
        "" => String::new(),
        folder if folder.contains(' ') => format!("cd '{folder}' && "),
        folder => format!("cd {folder} && "),
    }
}

/// The handlers of a database work; what is left is to start them.
fn database_advice(outcome: &Outcome, jwt: bool) -> String {
    let root = outcome
        .output
        .strip_suffix("/routes")
        .unwrap_or(&outcome.output);
    let enter = enter(outcome);
    let start = if outcome.project {
        format!("{enter}npm install && DATABASE_URL=... npm start")
    } else {
        let (packages, mount) = mounting(outcome, jwt);
        format!("{enter}npm install {packages} pg @types/pg\n{mount}")
    };
    format!(
        "{start}\nopenapi.yaml was written beside {root}/; edit it and run `backsmith scaffold openapi.yaml`."
    )
}

/// What a project that exists has to install, and how it mounts the routes.
fn mounting(outcome: &Outcome, jwt: bool) -> (String, &'static str) {
    let jose = if jwt { " jose" } else { "" };
    let (packages, mount) = match outcome.framework.key() {
        "express" => (
            "express express-rate-limit helmet pino-http zod",
            "app.use(pinoHttp({ genReqId: requestId }));\n\
             app.use(createRouter({ schemes: createSecuritySchemes(config), bodyLimit: config.BODY_LIMIT, validateResponses: true }));\n\
             app.use(unknownRoute);\n\
             app.use(errorHandler);",
        ),
        "fastify" => (
            "fastify fastify-plugin @fastify/helmet @fastify/rate-limit zod",
            "await app.register(requestIdHeader);\n\
             await app.register(errors);\n\
             await app.register(routes, { schemes: createSecuritySchemes(config), bodyLimit: config.BODY_LIMIT, validateResponses: true });",
        ),
        _ => (
            "koa @koa/router koa-helmet rate-limiter-flexible pino zod",
            "app.use(requestId);\n\
             app.use(errors);\n\
             app.use(createRouter({ schemes: createSecuritySchemes(config), bodyLimit: config.BODY_LIMIT, validateResponses: true }).routes());",
        ),
    };
    (format!("{packages}{jose}"), mount)
}
