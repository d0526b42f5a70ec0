package register

import (
	"fmt"
	"slices"
)

// A Grade is what an officer is among the officers of the participant, beside
// the roles: an emergency asks for it.
type Grade string

// The grades. The list is append-only.
const (
	GradeDuty       Grade = "duty"       // stands on the duty list: may sign an emergency
	GradeSupervisor Grade = "supervisor" // answers for those on duty
)

// Grades lists every grade.
func Grades() []Grade { return []Grade{GradeDuty, GradeSupervisor} }

// UnmarshalText refuses a grade that is not in the list.
func (g *Grade) UnmarshalText(b []byte) error {
	*g = Grade(b)
	if !slices.Contains(Grades(), *g) {
		return fmt.Errorf("grade: want one of %v", Grades())
	}
	return nil
}

// checkGrades refuses a grade that is not in the list, or stands twice.
func checkGrades(grades []Grade) error {
	for _, g := range grades {
		if !slices.Contains(Grades(), g) {
			return fmt.Errorf("grades: want only %v", Grades())
		}
	}
	if !distinct(grades) {
		return fmt.Errorf("grades: want each once")
	}
	return nil
}
