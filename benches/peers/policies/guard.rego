# W1 for regorus: a chain of `else`, so that evaluation ends with the first rule that matches, after
# a chain for each action. `not` of a field that is missing holds: it counts as what restricts.
package guard

default decision := "block"

decision := "block frozen_by_fraud_flag" if {
	input.snapshot.fraud_flag
	input.action.type in {"refund", "payout", "transfer"}
} else := "block region_under_sanctions" if {
	sanctioned
} else := refund if {
	input.action.type == "refund"
} else := payout if {
	input.action.type == "payout"
} else := delete if {
	input.action.type == "delete"
} else := export if {
	input.action.type == "export"
} else := "block junior_transfer" if {
	input.action.type == "transfer"
	input.actor.level < 3
}

sanctioned if not input.snapshot.region

sanctioned if input.snapshot.region in {"embargoed", "unknown"}

agent if not input.actor.type

agent if input.actor.type == "ai_agent"

on_call_or_owner if input.actor.on_call

on_call_or_owner if input.actor.role in {"admin", "owner"}

refund := "block daily_limit" if {
	input.snapshot.daily_total >= 50000
} else := "require_approval large_refund" if {
	input.action.amount > 1000
	input.action.currency != "JPY"
} else := "allow small_refund" if {
	input.action.amount <= 1000
}

payout := "block daily_limit" if {
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

delete := "block delete_off_call" if {
	not on_call_or_owner
} else := "require_approval wide_delete" if {
	contains(input.action.target, "*")
}

export := "block public_export_by_agent" if {
	agent
	startswith(input.action.target, "s3://public")
} else := "allow report_export" if {
	endswith(input.action.target, ".csv")
	input.action.amount < 500
}
