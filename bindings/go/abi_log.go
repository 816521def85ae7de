package actra

// Decision logs of libactra's.

/*
#include "actra.h"
*/
import "C"

import (
	"runtime"
	"unsafe"
)

// decisionLog is an actra_decision_log. Closing it does not free it, so that no call comes too late.
type decisionLog struct{ pointer *C.actra_decision_log }

func openDecisionLog(path string, options []byte) (*decisionLog, error) {
	var made *C.actra_decision_log
	var failure *C.actra_error
	text, len := charsOf(path)
	spelled, spelledLen := charsOfBytes(options)
	status := C.actra_decision_log_open(text, len, spelled, spelledLen, &made, &failure)
	switch {
	case status == statusInvalidArgument:
		return nil, &LogError{Code: LogBadOptions, Message: "the path is not UTF-8"}
	case status != statusOK:
		return nil, failed(status, takeError(failure))
	}
	found := &decisionLog{pointer: made}
	runtime.AddCleanup(found, func(pointer *C.actra_decision_log) { C.actra_decision_log_free(pointer) }, made)
	return found, nil
}

// record gives the decision's id.
func (l *decisionLog) record(entry []byte) (string, error) {
	defer runtime.KeepAlive(l)
	var id *C.actra_buffer
	var failure *C.actra_error
	text, len := charsOfBytes(entry)
	if status := C.actra_decision_log_record_json(l.pointer, text, len, &id, &failure); status != statusOK {
		return "", failed(status, takeError(failure))
	}
	return string(takeBuffer(id)), nil
}

func (l *decisionLog) flush() error {
	defer runtime.KeepAlive(l)
	var failure *C.actra_error
	return logAnswer(C.actra_decision_log_flush(l.pointer, &failure), failure)
}

func (l *decisionLog) rotate() error {
	defer runtime.KeepAlive(l)
	var failure *C.actra_error
	return logAnswer(C.actra_decision_log_rotate(l.pointer, &failure), failure)
}

func (l *decisionLog) close() error {
	defer runtime.KeepAlive(l)
	var failure *C.actra_error
	return logAnswer(C.actra_decision_log_close(l.pointer, &failure), failure)
}

func logAnswer(status C.actra_status, failure *C.actra_error) error {
	if status == statusOK {
		return nil
	}
	return failed(status, takeError(failure))
}

func (l *decisionLog) status() ([]byte, error) {
	defer runtime.KeepAlive(l)
	var buffer *C.actra_buffer
	if status := C.actra_decision_log_status_json(l.pointer, &buffer); status != statusOK {
		return nil, statusError(uint32(status))
	}
	return takeBuffer(buffer), nil
}

func charsOfBytes(text []byte) (*C.char, C.size_t) {
	return (*C.char)(unsafe.Pointer(unsafe.SliceData(text))), C.size_t(len(text))
}
