# W1 for regorus: an entry point for each action, and in it a chain of `else`, so that evaluation ends
# with the first rule that matches. `not` of a field that is missing holds: it counts as what
# restricts.
package guard

agent if not input.actor.type

agent if input.actor.type == "ai_agent"

on_call_or_owner if input.actor.on_call

on_call_or_owner if input.actor.role in {"admin", "owner"}

default refund := "block"

refund := "block frozen_by_fraud_flag" if {
	input.snapshot.fraud_flag
} else := "block region_under_sanctions" if {
	not input.snapshot.region
} else := "block region_under_sanctions" if {
	input.snapshot.region in {"embargoed", "unknown"}
} else := "block daily_limit" if {
	input.snapshot.daily_total >= 50000
} else := "require_approval large_refund" if {
	input.action.amount > 1000
	input.action.currency != "JPY"
} else := "allow small_refund" if {
	input.action.amount <= 1000
}

default payout := "block"

payout := "block frozen_by_fraud_flag" if {
	input.snapshot.fraud_flag
} else := "block region_under_sanctions" if {
	not input.snapshot.region
} else := "block region_under_sanctions" if {
	input.snapshot.region in {"embargoed", "unknown"}
} else := "block daily_limit" if {
	input.snapshot.daily_total >= 50000
} else := "require_approval agent_payout" if {
	agent
	input.action.amount > 200
} else := "require_approval agent_payout" if {
	agent
	input.action.express
} else := "allow lead_payout" if {
	input.actor.role in {"lead", "admin"}
	input.action.amount <= 5000
}

default transfer := "block"

transfer := "block frozen_by_fraud_flag" if {
	input.snapshot.fraud_flag
} else := "block region_under_sanctions" if {
	not input.snapshot.region
} else := "block region_under_sanctions" if {
	input.snapshot.region in {"embargoed", "unknown"}
} else := "block junior_transfer" if {
	input.actor.level < 3
}

default delete := "block"

delete := "block region_under_sanctions" if {
	not input.snapshot.region
} else := "block region_under_sanctions" if {
	input.snapshot.region in {"embargoed", "unknown"}
} else := "block delete_off_call" if {
	not on_call_or_owner
} else := "require_approval wide_delete" if {
	contains(input.action.target, "*")
}

default export := "block"

export := "block region_under_sanctions" if {
	not input.snapshot.region
} else := "block region_under_sanctions" if {
	input.snapshot.region in {"embargoed", "unknown"}
} else := "block public_export_by_agent" if {
	agent
	startswith(input.action.target, "s3://public")
} else := "allow report_export" if {
	endswith(input.action.target, ".csv")
	input.action.amount < 500
}
