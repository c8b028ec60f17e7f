//! What users see: the built binary, run from a fresh folder.

#![expect(
    unreachable_pub,
    reason = "a test binary has no outside; `pub` marks what other areas may use"
)]

mod advise;
mod apply;
mod apply_under_fire;
mod arbitrary_documents;
mod bad_database;
mod bad_input;
mod command_lines;
mod compare;
mod connect;
mod contract;
mod decide;
mod deciding;
mod doctor;
mod documents;
mod evolution;
mod exact;
mod examples;
mod explain;
mod file_server;
mod forcing;
#[cfg(target_os = "linux")]
mod forcing_terminal;
mod from_database;
mod generate_spec;
mod guides;
mod house;
mod html;
mod http2_corpus;
mod http2_frames;
mod large_schema;
mod layouts;
mod load_baseline;
mod load_capacity;
mod load_described;
mod load_emit;
mod load_ends;
mod load_engine;
mod load_hosts;
mod load_http1;
mod load_http2;
mod load_http2_servers;
mod load_pages;
mod load_places;
mod load_shapes;
#[cfg(unix)]
mod load_stopped;
mod load_survey_pages;
mod load_survey_shards;
mod load_targets;
mod load_variety;
mod loading;
mod loadtest;
mod loadtest_spec;
mod manual;
mod markup;
mod migration;
mod node;
mod online;
mod openapi30;
mod pages;
mod plugin;
#[cfg(unix)]
mod pooler;
mod postgres;
mod profiles;
#[cfg(target_os = "linux")]
mod pseudo_terminal;
mod reader;
mod references;
mod regeneration;
mod rehearse;
mod rehearse_copy;
mod rehearse_data;
mod rehearse_on_live;
#[cfg(unix)]
mod relay;
mod renames;
mod requests;
mod rollback_half;
mod sandbox;
mod sarif;
mod scaffold;
mod scaffold_keywords;
mod scratch;
#[cfg(unix)]
mod scratch_under_fire;
mod secrets;
mod served;
mod slips;
mod swagger;
mod versions;
mod web_server;
