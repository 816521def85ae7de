//! Decides a history of refunds in SQL, by examples/refund.

use actra::Policy;
use actra_datafusion::actra_decide;
use datafusion::error::Result;
use datafusion::prelude::SessionContext;
use std::path::Path;

const HISTORY: &str = "
    CREATE TABLE history AS
    SELECT
        CASE WHEN value % 3 = 0 THEN 'payout' ELSE 'refund' END AS kind,
        (value * 37) % 1500 AS amount,
        CASE WHEN value % 5 = 0 THEN 'human' ELSE 'ai_agent' END AS actor,
        CASE WHEN value % 2 = 0 THEN 'support' ELSE 'lead' END AS role,
        value % 50 = 0 AS fraud_flag
    FROM generate_series(1, 100000)
";

const DECIDED: &str = "
    SELECT d['effect'] AS effect, d['matched_rule'] AS matched_rule, d['error'] AS error, count(*) AS rows
    FROM (
        SELECT actra_decide(named_struct(
            'action', named_struct('type', kind, 'amount', amount, 'currency', 'EUR', 'tenant', 'acme'),
            'actor', named_struct('type', actor, 'role', role),
            'snapshot', named_struct('fraud_flag', fraud_flag, 'refunded_today', amount * 10)
        )) AS d
        FROM history
    )
    GROUP BY 1, 2, 3
    ORDER BY rows DESC, matched_rule
";

#[tokio::main]
async fn main() -> Result<()> {
    let refund = Path::new(env!("CARGO_MANIFEST_DIR")).join("../refund");
    let policy = Policy::from_directory(&refund)
        .map_err(|error| datafusion::common::exec_datafusion_err!("{error}"))?;
    let context = SessionContext::new();
    context.register_udf(actra_decide(policy));
    context.sql(HISTORY).await?.collect().await?;
    context.sql(DECIDED).await?.show().await
}
