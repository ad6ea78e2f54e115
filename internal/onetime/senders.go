package onetime

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/smtp"
	"net/url"
	"strings"
	"time"
)

const sendTimeout = 10 * time.Second

// Console prints texts: for demonstrations alone.
type Console struct{ Out io.Writer }

// Send prints the text, marked DEMO.
func (c Console) Send(_ context.Context, phone, text string) error {
	if _, err := fmt.Fprintf(c.Out, "DEMO · SMS %s · %s\n", phone, text); err != nil {
		return fmt.Errorf("print a code: %w", err)
	}
	return nil
}

// Gateway posts {"phone","text"} as JSON to an address, with a bearer token if it has one.
// Any 2xx means sent.
type Gateway struct {
	client *http.Client
	url    string
	token  string
}

// NewGateway returns a Gateway. The address must be https, or http on this machine.
func NewGateway(address, token string) (*Gateway, error) {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Host == "" {
		return nil, fmt.Errorf("gateway of one-time codes: %q is no address", address)
	}
	local := net.ParseIP(parsed.Hostname()).IsLoopback() || parsed.Hostname() == "localhost"
	if parsed.Scheme != "https" && (parsed.Scheme != "http" || !local) {
		return nil, fmt.Errorf("gateway of one-time codes: %q must be https", address)
	}
	return &Gateway{
		url: address, token: token,
		client: &http.Client{
			Timeout:       sendTimeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// Send posts the text.
func (g *Gateway) Send(ctx context.Context, phone, text string) error {
	body, err := json.Marshal(map[string]string{"phone": phone, "text": text})
	if err != nil {
		return fmt.Errorf("encode a code: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, g.url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("ask the gateway of codes: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	if g.token != "" {
		request.Header.Set("Authorization", "Bearer "+g.token)
	}
	response, err := g.client.Do(request)
	if err != nil {
		return fmt.Errorf("ask the gateway of codes: %w", err)
	}
	defer response.Body.Close() //nolint:errcheck // it was only read
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("gateway of codes answered %d", response.StatusCode)
	}
	return nil
}

// Mail sends texts to a gateway that takes mail: to NUMBER@Domain.
type Mail struct {
	Server string // host:port
	From   string
	Domain string
	Auth   smtp.Auth // nil: none
}

// Send mails the text. The connection is encrypted when the server offers it.
func (m Mail) Send(ctx context.Context, phone, text string) error {
	to := strings.TrimPrefix(phone, "+") + "@" + m.Domain
	message := "From: " + m.From + "\r\nTo: " + to + "\r\nSubject: " + mime.QEncoding.Encode("utf-8", "Điểm Cầu") +
		"\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + text + "\r\n"
	if err := m.mail(ctx, to, message); err != nil {
		return fmt.Errorf("mail a code: %w", err)
	}
	return nil
}

func (m Mail) mail(ctx context.Context, to, message string) error {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", m.Server)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // Quit tells
	if deadline, set := ctx.Deadline(); set {
		if err := conn.SetDeadline(deadline); err != nil {
			return err
		}
	}
	host, _, _ := net.SplitHostPort(m.Server)
	client, err := smtp.NewClient(conn, host)
	if err != nil {
		return err
	}
	if encrypts, _ := client.Extension("STARTTLS"); encrypts {
		if err := client.StartTLS(&tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}); err != nil {
			return err
		}
	}
	if m.Auth != nil {
		if err := client.Auth(m.Auth); err != nil {
			return err
		}
	}
	if err := errors.Join(client.Mail(m.From), client.Rcpt(to)); err != nil {
		return err
	}
	data, err := client.Data()
	if err != nil {
		return err
	}
	if _, err := io.WriteString(data, message); err != nil {
		return err
	}
	return errors.Join(data.Close(), client.Quit())
}
