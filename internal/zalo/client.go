package zalo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// Addresses of Zalo's services.
const (
	DefaultAPI   = "https://openapi.zalo.me"
	DefaultOAuth = "https://oauth.zaloapp.com"

	maxReply = 64 << 10
)

// Client sends messages through Zalo's API (POST /v3.0/oa/message/cs: answers to people
// who wrote first). It follows no redirects, so that the token goes nowhere else.
type Client struct {
	http  *http.Client
	base  string
	token func(ctx context.Context) (string, error)
}

// NewClient returns a client of the API at base ("" for Zalo's own). token returns a valid
// access token of the Official Account; see Tokens.
func NewClient(base string, token func(ctx context.Context) (string, error)) *Client {
	if base == "" {
		base = DefaultAPI
	}
	return &Client{http: withoutRedirects(), base: strings.TrimRight(base, "/"), token: token}
}

func withoutRedirects() *http.Client {
	return &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// APIError is Zalo's own refusal. It holds numbers only: Zalo's words may name a person.
type APIError struct {
	Status int // of HTTP
	Code   int // Zalo's "error"; 0 when there was none
}

// Error returns the numbers.
func (e *APIError) Error() string {
	return "zalo answered " + strconv.Itoa(e.Status) + ", error " + strconv.Itoa(e.Code)
}

// Unwrap makes every refusal an ErrRefused but those that pass: too many requests, faults
// of the service, and tokens that have just run out (−216).
func (e *APIError) Unwrap() error {
	const tokenExpired = -216
	if e.Status == http.StatusTooManyRequests || e.Status >= http.StatusInternalServerError || e.Code == tokenExpired {
		return nil
	}
	return ErrRefused
}

// Send writes a text to an account that wrote to us.
func (c *Client) Send(ctx context.Context, to, text string) error {
	token, err := c.token(ctx)
	if err != nil {
		return fmt.Errorf("token for zalo: %w", err)
	}
	type recipient struct {
		UserID string `json:"user_id"` //nolint:tagliatelle // Zalo's name
	}
	type message struct {
		Text string `json:"text"`
	}
	body, err := json.Marshal(struct {
		Recipient recipient `json:"recipient"`
		Message   message   `json:"message"`
	}{recipient{to}, message{text}})
	if err != nil {
		return fmt.Errorf("write message: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/v3.0/oa/message/cs", bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("ask zalo: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("access_token", token)
	return call(c.http, request, nil)
}

// call sends a request and reads Zalo's answer, whose "error" must be absent or 0.
func call(client *http.Client, request *http.Request, into any) error {
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("ask zalo: %w", err)
	}
	defer func() { _ = response.Body.Close() }() // all that matters was read
	body, err := io.ReadAll(io.LimitReader(response.Body, maxReply))
	if err != nil {
		return fmt.Errorf("read zalo's answer: %w", err)
	}
	var said struct {
		Error int `json:"error"`
	}
	broken := json.Unmarshal(body, &said) != nil
	if response.StatusCode != http.StatusOK || said.Error != 0 {
		return &APIError{Status: response.StatusCode, Code: said.Error}
	}
	if broken {
		return &APIError{Status: http.StatusBadGateway}
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("read zalo's answer: %w", err)
	}
	return nil
}
