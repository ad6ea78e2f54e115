package live

import (
	"context"
	"time"
)

// Devices at doors are kept in the Ephemeral, which forgets them. A device's key is derived
// from the conference's own: nobody keeps it.

func (c *Conference) deviceName(device string) string {
	return "device:" + string(c.id) + ":" + c.keys.deviceID(device)
}

// AddDevice keeps a device and returns its key of 32 bytes. Refusal: log.unavailable.
func (c *Conference) AddDevice(ctx context.Context, device string, about []byte, ttl time.Duration) ([]byte, error) {
	done, err := c.leases.CompareAndSet(ctx, c.deviceName(device), nil, about, ttl)
	if err != nil || !done {
		return nil, unavailable("the device cannot be kept")
	}
	return c.keys.deviceKey(device), nil
}

// Device returns what was kept of a device, and its key; nil when it is not known, or was
// revoked. Refusal: log.unavailable.
func (c *Conference) Device(ctx context.Context, device string) (about, key []byte, err error) {
	about, err = c.leases.Get(ctx, c.deviceName(device))
	if err != nil {
		return nil, nil, unavailable("devices cannot be looked up")
	}
	if about == nil {
		return nil, nil, nil
	}
	return about, c.keys.deviceKey(device), nil
}

// RevokeDevice makes a device unknown. Refusal: log.unavailable.
func (c *Conference) RevokeDevice(ctx context.Context, device string) error {
	about, _, err := c.Device(ctx, device)
	if err != nil || about == nil {
		return err
	}
	if _, err := c.leases.CompareAndSet(ctx, c.deviceName(device), about, nil, 0); err != nil {
		return unavailable("the device cannot be revoked")
	}
	return nil
}
