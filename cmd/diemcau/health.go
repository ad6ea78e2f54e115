package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

type healthCmd struct {
	place

	URL string `help:"Server to ask. Default: the one on this data folder." placeholder:"URL"`
}

// Run asks /readyz once.
func (h *healthCmd) Run(ctx context.Context, to streams) error {
	base := h.URL
	if base == "" {
		now, err := h.server()
		if err != nil {
			return err
		}
		base = now.URL
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/readyz", nil)
	if err != nil {
		return usage("--url=%s: %v", h.URL, err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("ask the server whether it is ready: %w", err)
	}
	defer func() { _ = response.Body.Close() }() // only read
	body, err := io.ReadAll(io.LimitReader(response.Body, 4<<10))
	if err != nil {
		return fmt.Errorf("ask the server whether it is ready: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the server is not ready: %s", body)
	}
	_, err = fmt.Fprintln(to.out, "ready")
	return err
}
