//! Inputs and profiles become a recommendation, a refusal or no fit. Pure and deterministic.
