package httpmw_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"actra"
	"actra/httpmw"
)

func Example() {
	policy, err := actra.Compile(actra.Sources{
		Schema: `
version: 1
actions:
  export:
    fields: {project: {type: string, required: true}, rows: {type: integer, required: true}}
actor:
  fields: {role: {type: string, required: true}}
snapshot:
  fields:
`,
		Policy: `
version: 2
rules:
  - id: small_exports
    scope: {action: export}
    when: {all: [actor.role == analyst, action.rows <= 1000]}
    effect: allow
`,
	})
	if err != nil {
		panic(err)
	}

	type export struct {
		// A pointer, so that a body without it is not one with 0.
		Rows *int64 `json:"rows"`
	}
	guard := httpmw.New(actra.NewRuntime(policy),
		func(r *http.Request) (actra.Action, error) {
			body, err := httpmw.ReadJSON[export](r, 64<<10)
			if err != nil {
				return nil, err
			}
			return actra.Action{"type": "export", "project": r.PathValue("project"), "rows": body.Rows}, nil
		},
		httpmw.WithActor(func(r *http.Request) (map[string]any, error) {
			// Stands for what a middleware that checks credentials has found out.
			return map[string]any{"role": r.Header.Get("Verified-Role")}, nil
		}),
	)
	mux := http.NewServeMux()
	mux.Handle("POST /projects/{project}/export", guard(http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			body, _ := httpmw.Body[export](r.Context())
			fmt.Fprintf(w, "%d rows of %s", *body.Rows, r.PathValue("project"))
		})))

	for _, body := range []string{`{"rows": 10}`, `{"rows": 5000}`, `{"rows": 10, "Rows": 5000}`, `{}`} {
		r := httptest.NewRequest(http.MethodPost, "/projects/apollo/export", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Verified-Role", "analyst")
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		fmt.Println(w.Code, strings.TrimSpace(w.Body.String()))
	}
	// Output:
	// 200 10 rows of apollo
	// 403 {"type":"about:blank","title":"Forbidden","status":403,"decision":{"effect":"block","matched_rule":null}}
	// 400 {"type":"about:blank","title":"Bad Request","status":400,"code":"duplicate_key"}
	// 400 {"type":"about:blank","title":"Bad Request","status":400,"code":"missing_required"}
}
