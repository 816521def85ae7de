# The guard in Rego. Each rule that fires puts its id into the set; who asks takes the first in the
# guard's order. Scopes are equalities with one action, since those are what OPA's index of rules
# is built from; rules that would need an `or` of two such stand twice. Optional fields that are
# missing count as what restricts.
package guard

fired contains "frozen_by_fraud_flag" if {
	input.action.type == "refund"
	input.snapshot.fraud_flag == true
}

fired contains "frozen_by_fraud_flag" if {
	input.action.type == "payout"
	input.snapshot.fraud_flag == true
}

fired contains "frozen_by_fraud_flag" if {
	input.action.type == "transfer"
	input.snapshot.fraud_flag == true
}

fired contains "region_under_sanctions" if not input.snapshot.region

fired contains "region_under_sanctions" if input.snapshot.region in {"embargoed", "unknown"}

fired contains "public_export_by_agent" if {
	input.action.type == "export"
	input.actor.type == "ai_agent"
	startswith(input.action.target, "s3://public")
}

fired contains "public_export_by_agent" if {
	input.action.type == "export"
	not input.actor.type
	startswith(input.action.target, "s3://public")
}

fired contains "delete_off_call" if {
	input.action.type == "delete"
	not may_delete
}

may_delete if input.actor.on_call == true

may_delete if input.actor.role in {"admin", "owner"}

fired contains "daily_limit" if {
	input.action.type == "refund"
	input.snapshot.daily_total >= 50000
}

fired contains "daily_limit" if {
	input.action.type == "payout"
	input.snapshot.daily_total >= 50000
}

fired contains "junior_transfer" if {
	input.action.type == "transfer"
	input.actor.level < 3
}

fired contains "large_refund" if {
	input.action.type == "refund"
	input.action.amount > 1000
	input.action.currency != "JPY"
}

fired contains "agent_payout" if {
	input.action.type == "payout"
	input.actor.type == "ai_agent"
	input.action.amount > 200
}

fired contains "agent_payout" if {
	input.action.type == "payout"
	not input.actor.type
	input.action.amount > 200
}

fired contains "agent_payout" if {
	input.action.type == "payout"
	input.actor.type == "ai_agent"
	input.action.express == true
}

fired contains "agent_payout" if {
	input.action.type == "payout"
	not input.actor.type
	input.action.express == true
}

fired contains "wide_delete" if {
	input.action.type == "delete"
	contains(input.action.target, "*")
}

fired contains "small_refund" if {
	input.action.type == "refund"
	input.action.amount <= 1000
}

fired contains "lead_payout" if {
	input.action.type == "payout"
	input.action.amount <= 5000
	input.actor.role in {"lead", "admin"}
}

fired contains "report_export" if {
	input.action.type == "export"
	input.action.amount < 500
	endswith(input.action.target, ".csv")
}
