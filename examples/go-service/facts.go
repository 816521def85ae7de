package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
)

// facts tells what is known of a tenant: the fields of the domain `snapshot`. It stands for the
// databases of a real service, and so it is asked for each request.
type facts struct{ path string }

// of gives what is known of a tenant. Of a tenant that is not in the file nothing is known, which is
// no error: the policy decides what that means.
func (f facts) of(ctx context.Context, tenant string) (map[string]any, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(f.path)
	if err != nil {
		return nil, fmt.Errorf("facts: %w", err)
	}
	var tenants map[string]map[string]any
	if err := json.Unmarshal(text, &tenants); err != nil {
		return nil, fmt.Errorf("facts: %s: %w", f.path, err)
	}
	return tenants[tenant], nil
}
