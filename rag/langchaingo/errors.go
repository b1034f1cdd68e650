package langchaingo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/tmc/langchaingo/llms"

	"github.com/quarry-go/quarry/internal/openai"
)

// statusCode finds the HTTP status in langchaingo's errors, most of which are
// text and nothing else.
var statusCode = regexp.MustCompile(`(?i)status(?: code)?:? ?([45]\d\d)\b`)

// codes are what langchaingo's typed errors mean, where a provider has them.
var codes = map[llms.ErrorCode]openai.Fault{
	llms.ErrCodeAuthentication:      openai.Unauthorized,
	llms.ErrCodeQuotaExceeded:       openai.Unauthorized,
	llms.ErrCodeRateLimit:           openai.RateLimited,
	llms.ErrCodeInvalidRequest:      openai.Invalid,
	llms.ErrCodeResourceNotFound:    openai.Invalid,
	llms.ErrCodeTokenLimit:          openai.TooLong,
	llms.ErrCodeNotImplemented:      openai.Unsupported,
	llms.ErrCodeContentFilter:       openai.Unusable,
	llms.ErrCodeTimeout:             openai.Unavailable,
	llms.ErrCodeProviderUnavailable: openai.Unavailable,
}

// fault tells what an error of langchaingo means, as far as it can be told.
func fault(err error) openai.Fault {
	if e, ok := errors.AsType[*llms.Error](err); ok {
		if f, ok := codes[e.Code]; ok {
			return f
		}
	}
	if m := statusCode.FindStringSubmatch(err.Error()); m != nil {
		status, _ := strconv.Atoi(m[1])
		return openai.FaultOf(status, err.Error())
	}
	if f := openai.FaultOf(0, err.Error()); f != openai.Unusable {
		return f
	}
	_, syntax := errors.AsType[*json.SyntaxError](err)
	_, shape := errors.AsType[*json.UnmarshalTypeError](err)
	says := func(s string) bool { return strings.Contains(err.Error(), s) }
	if syntax || shape || errors.Is(err, errPanic) || says("no response") || says("empty response") {
		return openai.Unusable
	}
	return openai.Unavailable
}

// wrap returns err below sentinel. An end of some context of langchaingo's own
// stays text: it must not pass for the caller's.
func wrap(sentinel, err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%w: %v", sentinel, err)
	}
	return fmt.Errorf("%w: %w", sentinel, err)
}

var errPanic = errors.New("panic in langchaingo")

// guard runs f, and returns a panic in it as an error.
func guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", errPanic, p)
		}
	}()
	return f()
}
